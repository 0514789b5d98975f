// The resources that the fake server serves.

import type { KubeObject } from '../api/object'
import { defineResource, type Resource } from '../api/resource'
import { CustomResourceDefinition, type PrinterColumn } from '../discovery/custom-resource-definition'
import { toBase64 } from '../internal/base64'
import type { FieldLabels } from '../watch-cache/matcher'
import { isJsonObject } from './json'
import type { Verb } from './request-log'

/** A resource of the fake server. */
export interface ServedResource {
  readonly resource: Resource
  /** The short names that `kubectl` accepts, such as `po`. */
  readonly shortNames?: readonly string[] | undefined
  /** The categories, such as `all` for `kubectl get all`. */
  readonly categories?: readonly string[] | undefined
  /** Whether there is a `status` subresource, in which case an update of the object itself leaves the status unchanged. */
  readonly status?: boolean | undefined
  /** Whether there is a `scale` subresource for `spec.replicas`. */
  readonly scale?: boolean | undefined
  /**
   * The supported verbs; default all. Discovery omits the others, and the server answers them with 405, like a watch of `metrics.k8s.io`.
   */
  readonly verbs?: readonly Verb[] | undefined
  /** An OpenAPI v3 schema of its objects; the default describes only their metadata. */
  readonly schema?: object | undefined
  /** The columns of a table besides the name; default the age. */
  readonly printerColumns?: readonly PrinterColumn[] | undefined
  /** The fields that field selectors support besides name and namespace, with the value for an object that lacks them; default none. */
  readonly fieldLabels?: FieldLabels | undefined
  /** Whether the resource is built in: custom resources do not support a strategic merge patch. */
  readonly builtIn?: boolean | undefined
  /** Converts a written object to the form that is stored. */
  readonly stored?: ((object: KubeObject) => KubeObject) | undefined
  /** Returns the defaults of an object that is created over HTTP. */
  readonly defaults?: ((object: KubeObject) => object) | undefined
}

const VERBS: readonly Verb[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']

/** Returns the supported verbs of a resource. */
export const verbsOf = ({ verbs = VERBS }: ServedResource): readonly Verb[] => verbs

/** A subresource: a part of an object with its own path. */
export interface ServedSubresource {
  readonly name: string
  /** The type of its objects; default that of the resource. */
  readonly type?: { readonly group: string; readonly version: string; readonly kind: string } | undefined
  readonly verbs: readonly string[]
}

const STATUS: ServedSubresource = { name: 'status', verbs: ['get', 'patch', 'update'] }
const SCALE: ServedSubresource = { ...STATUS, name: 'scale', type: { group: 'autoscaling', version: 'v1', kind: 'Scale' } }
const stream = (name: string, kind: string): ServedSubresource => ({
  name,
  type: { group: '', version: 'v1', kind },
  verbs: ['create', 'get'],
})
const OF_PODS: readonly ServedSubresource[] = [
  stream('attach', 'PodAttachOptions'),
  { name: 'binding', type: { group: '', version: 'v1', kind: 'Binding' }, verbs: ['create'] },
  { name: 'eviction', type: { group: 'policy', version: 'v1', kind: 'Eviction' }, verbs: ['create'] },
  stream('exec', 'PodExecOptions'),
  { name: 'log', verbs: ['get'] },
  stream('portforward', 'PodPortForwardOptions'),
]

/** Returns the subresources of a resource, by name. */
export function subresourcesOf({ resource, status, scale }: ServedResource): readonly ServedSubresource[] {
  const isPods = resource.group === '' && resource.plural === 'pods'
  return [...(isPods ? OF_PODS : []), ...(scale ? [SCALE] : []), ...(status ? [STATUS] : [])]
}

const all = ['all']

/** The resources that every fake server serves. */
export const builtInResources: readonly ServedResource[] = builtIn([
  {
    resource: defineResource({ version: 'v1', plural: 'namespaces', kind: 'Namespace', scope: 'Cluster' }),
    shortNames: ['ns'],
    status: true,
    defaults: ({ metadata }) => ({
      metadata: { ...metadata, labels: { 'kubernetes.io/metadata.name': metadata.name, ...metadata.labels } },
      status: { phase: 'Active' },
    }),
    fieldLabels: absent('status.phase'),
  },
  {
    resource: defineResource({ version: 'v1', plural: 'nodes', kind: 'Node', scope: 'Cluster' }),
    shortNames: ['no'],
    status: true,
    fieldLabels: { 'spec.unschedulable': 'false' },
  },
  {
    resource: defineResource({ version: 'v1', plural: 'pods', kind: 'Pod' }),
    shortNames: ['po'],
    categories: all,
    status: true,
    defaults: () => ({ status: { phase: 'Pending', qosClass: 'BestEffort' } }),
    printerColumns: [
      { name: 'Status', type: 'string', jsonPath: '.status.phase' },
      { name: 'Restarts', type: 'integer', jsonPath: '.status.containerStatuses[0].restartCount' },
      { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
      { name: 'Node', type: 'string', priority: 1, jsonPath: '.spec.nodeName' },
    ],
    fieldLabels: {
      ...absent('spec.nodeName', 'spec.restartPolicy', 'spec.schedulerName', 'spec.serviceAccountName'),
      ...absent('status.phase', 'status.podIP', 'status.nominatedNodeName'),
      'spec.hostNetwork': 'false',
    },
  },
  {
    resource: defineResource({ version: 'v1', plural: 'services', kind: 'Service' }),
    shortNames: ['svc'],
    categories: all,
    status: true,
    fieldLabels: absent('spec.clusterIP', 'spec.type'),
  },
  { resource: defineResource({ version: 'v1', plural: 'configmaps', kind: 'ConfigMap' }), shortNames: ['cm'] },
  {
    resource: defineResource({ version: 'v1', plural: 'secrets', kind: 'Secret' }),
    fieldLabels: absent('type'),
    stored: withData,
  },
  {
    resource: defineResource({ version: 'v1', plural: 'events', kind: 'Event' }),
    shortNames: ['ev'],
    fieldLabels: {
      ...absent('involvedObject.kind', 'involvedObject.namespace', 'involvedObject.name', 'involvedObject.uid'),
      ...absent('involvedObject.apiVersion', 'involvedObject.resourceVersion', 'involvedObject.fieldPath', 'reason', 'type'),
    },
  },
  {
    resource: defineResource({ group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment' }),
    shortNames: ['deploy'],
    categories: all,
    status: true,
    scale: true,
  },
  {
    resource: CustomResourceDefinition,
    shortNames: ['crd', 'crds'],
    categories: ['api-extensions'],
    status: true,
    defaults: () => ({ status: { conditions: [{ type: 'Established', status: 'True' }] } }),
  },
])

/**
 * Moves the texts in `stringData` of a Secret to `data`, in base64. They replace those of the same name.
 *
 * @see kubernetes `pkg/apis/core/v1/conversion.go`: `Convert_v1_Secret_To_core_Secret`
 */
function withData(secret: KubeObject): KubeObject {
  const { stringData, ...stored } = secret as KubeObject & { data?: object; stringData?: unknown }
  if (!isJsonObject(stringData)) return secret
  const encoded = Object.entries(stringData).map(([key, text]) => [key, toBase64(new TextEncoder().encode(String(text)))])
  const data = { ...stored.data, ...Object.fromEntries(encoded) }
  return encoded.length > 0 ? Object.assign(stored, { data }) : stored
}

/** Returns field labels that are empty in an object that lacks the field. @see kubernetes `pkg/apis/core/v1/conversion.go` */
function absent(...paths: readonly string[]): FieldLabels {
  return Object.fromEntries(paths.map((path) => [path, '']))
}

function builtIn(resources: readonly ServedResource[]): ServedResource[] {
  return resources.map((served) => ({ ...served, builtIn: true }))
}
