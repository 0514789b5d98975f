// The custom kinds of the fake cluster.
import { CustomResourceDefinition } from '../../src/discovery/custom-resource-definition'
import { defineResource, type KubeObject, type Resource, resourceName } from '../../src/index'
import type { FakeApiServer } from '../../src/testing'
import { pick } from './random.ts'

/** A custom kind whose objects move from phase to phase. */
export interface CustomKind {
  readonly resource: Resource
  readonly shortNames: readonly string[]
  /** The names of its objects. */
  readonly names: readonly string[]
  /** The successors of each phase, equally likely; objects start in the first phase. */
  readonly phases: Readonly<Record<string, readonly string[]>>
}

type Custom = KubeObject & { spec: object; status: { phase: string; observedGeneration: number } }

/** The resource `apiservices`, which registers an aggregated server for a group. */
export const APIService: Resource = defineResource({
  group: 'apiregistration.k8s.io',
  version: 'v1',
  plural: 'apiservices',
  kind: 'APIService',
  scope: 'Cluster',
})

/** Backups of databases, which run and sometimes fail. */
export const backups: CustomKind = {
  resource: defineResource({ group: 'storage.example.com', version: 'v1', plural: 'backups', kind: 'Backup' }),
  shortNames: ['bk'],
  names: ['orders', 'customers', 'ledger', 'catalog', 'sessions', 'audit-log', 'search-index', 'metrics'],
  phases: {
    Pending: ['Running'],
    Running: ['Uploading', 'Uploading', 'Uploading', 'Failed'],
    Uploading: ['Completed'],
    Completed: ['Pending'],
    Failed: ['Pending'],
  },
}

/** Releases that reach more and more users; a button defines and removes this kind. */
export const canaries: CustomKind = {
  resource: defineResource({ group: 'rollouts.example.com', version: 'v1beta1', plural: 'canaries', kind: 'Canary' }),
  shortNames: ['cn'],
  names: ['storefront', 'checkout', 'cart', 'query'],
  phases: {
    Waiting: ['Progressing'],
    Progressing: ['Progressing', 'Promoting', 'Promoting', 'RollbackFailed'],
    Promoting: ['Succeeded'],
    Succeeded: ['Waiting'],
    RollbackFailed: ['Waiting'],
  },
}

/** Defines a kind on a server and creates its objects. A no-op for a kind that is already defined. */
export function define(server: FakeApiServer, kind: CustomKind, { namespaces }: { namespaces: readonly string[] }): void {
  if (isDefined(server, kind)) return
  const { resource, shortNames, names, phases } = kind
  const { group, version, plural, kind: kindName, scope } = resource
  server.create(CustomResourceDefinition, {
    metadata: { name: resourceName(resource) },
    spec: { group, scope, names: { plural, kind: kindName, shortNames }, versions: [{ name: version, served: true, storage: true }] },
    status: { conditions: [{ type: 'Established', status: 'True' }] },
  } as KubeObject)
  const all = Object.keys(phases)
  names.forEach((name, at) => {
    const object = { metadata: { name, namespace: namespaces[at % namespaces.length] }, spec: { target: name } }
    server.create(resource, { ...object, status: { phase: all[at % all.length], observedGeneration: 1 } } as KubeObject)
  })
}

/** Removes a kind and its objects. A no-op for an unknown kind. */
export function undefine(server: FakeApiServer, { resource }: CustomKind): void {
  if (!isDefined(server, { resource })) return
  for (const { metadata } of server.list(resource)) server.delete(resource, { name: metadata.name ?? '', namespace: metadata.namespace })
  server.delete(CustomResourceDefinition, { name: resourceName(resource) })
}

/** Whether a server serves a kind. */
export function isDefined(server: FakeApiServer, { resource }: Pick<CustomKind, 'resource'>): boolean {
  return server.get(CustomResourceDefinition, { name: resourceName(resource) }) !== undefined
}

/** Moves one object of a kind to its next phase, if there is one. */
export function advance(server: FakeApiServer, kind: CustomKind, random: () => number): void {
  if (!isDefined(server, kind)) return
  const object = pick(server.list(kind.resource) as Custom[], random)
  const phase = pick(kind.phases[object?.status.phase ?? ''] ?? [], random)
  if (object && phase) server.update(kind.resource, { ...object, status: { ...object.status, phase } } as KubeObject)
}
