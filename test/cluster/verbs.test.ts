import { beforeAll, describe, expect, test } from 'vitest'
import { isConflictError } from '../../src/api/errors'
import type { KubeObject } from '../../src/api/object'
import { defineResource } from '../../src/api/resource'
import { KubeClient } from '../../src/http/client'
import { updateWithRetry } from '../../src/http/update-with-retry'
import type { ServerWarning } from '../../src/http/warnings'
import { Deployment } from '../../src/resources/apps/v1'
import { ConfigMap, Namespace, Pod } from '../../src/resources/core/v1'
import { until } from './component.ts'
import { describeCluster } from './suite.ts'

interface Gadget extends KubeObject {
  spec?: { size?: number; replicas?: number; colors?: string[] }
  status?: { replicas?: number; phase?: string }
}

const Gadget = defineResource<Gadget>({ group: 'example.com', version: 'v1', plural: 'gadgets', kind: 'Gadget' })
const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'gadgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'gadgets', singular: 'gadget', kind: 'Gadget', listKind: 'GadgetList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {}, scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' } },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: {
                  size: { type: 'integer', maximum: 10 },
                  replicas: { type: 'integer' },
                  colors: { type: 'array', items: { type: 'string' } },
                },
              },
              status: { type: 'object', properties: { replicas: { type: 'integer' }, phase: { type: 'string' } } },
            },
          },
        },
      },
    ],
  },
}

// A built-in resource that no controller of the cluster changes.
const StatefulSet = defineResource<Gadget>({ group: 'apps', version: 'v1', plural: 'statefulsets', kind: 'StatefulSet' })
const statefulSet = (name: string) => {
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web:1' }] } }
  return {
    metadata: { name, namespace: 'shop' },
    spec: { replicas: 1, serviceName: 'web', selector: { matchLabels: { app: 'web' } }, template },
  }
}
const gadget = (name: string) => ({ metadata: { name, namespace: 'shop' }, spec: { size: 1, replicas: 1 } })

const shop = { namespace: 'shop' }
const deployment = (name: string) => ({
  metadata: { name, namespace: 'shop' },
  spec: {
    paused: true,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'web', image: 'web:1' }] } },
  },
})
const pod = (name: string, labels: Record<string, string> = {}) => ({
  metadata: { name, namespace: 'shop', labels },
  spec: { containers: [{ name: 'web', image: 'web:1' }] },
})
const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => expect.unreachable('it should have failed'),
    (error: unknown) => error,
  )

describeCluster('the verbs', (cluster) => {
  let warnings: ServerWarning[] = []
  let client: KubeClient

  beforeAll(async () => {
    client = new KubeClient({ baseUrl: cluster().proxyUrl, onWarning: (warning) => void warnings.push(warning) })
    await client.create(Namespace, { metadata: { name: 'shop' } })
    await cluster().kubectl(['apply', '-f', '-'], { input: JSON.stringify(definition) })
    await until('the definition to be served', () =>
      client.list(Gadget, shop).then(
        () => true,
        () => undefined,
      ),
    )
  })

  // Every verb, for a built-in and a custom resource.
  describe.each<{ kind: string; resource: typeof Gadget; object: (name: string) => Gadget & { metadata: { name: string } } }>([
    { kind: 'built-in', resource: StatefulSet, object: statefulSet },
    { kind: 'custom', resource: Gadget, object: gadget },
  ])('of a $kind resource', ({ kind, resource, object }) => {
    const name = (what: string) => `${kind}-${what}`

    test('creates, replaces, patches and deletes an object', async () => {
      const created = await client.create(resource, object(name('a')))
      expect(created).toMatchObject({
        kind: resource.kind,
        metadata: { uid: expect.any(String), namespace: 'shop' },
        spec: { replicas: 1 },
      })
      const replaced = await client.replace(resource, { ...created, spec: { ...created.spec, replicas: 2 } })
      expect(replaced).toMatchObject({ spec: { replicas: 2 }, metadata: { generation: 2 } })
      const at = name('a')
      expect((await client.patch(resource, at, { merge: { spec: { replicas: 3 } } }, shop)).spec?.replicas).toBe(3)
      const steps = [
        { op: 'test', path: '/spec/replicas', value: 3 },
        { op: 'replace', path: '/spec/replicas', value: 4 },
      ] as const
      expect((await client.patch(resource, at, { json: steps }, shop)).spec?.replicas).toBe(4)
      const last = client.patch(resource, at, { strategic: { spec: { replicas: 5 } } }, shop)
      if (kind === 'built-in') expect((await last).spec?.replicas).toBe(5)
      else expect(await failureOf(last)).toMatchObject({ status: 415, reason: 'UnsupportedMediaType' })
      expect(await client.delete(resource, at, { ...shop, propagationPolicy: 'Background' })).toMatchObject({
        kind: 'Status',
        status: 'Success',
        details: { name: at, uid: created.metadata.uid },
      })
      expect(await failureOf(client.get(resource, at, shop))).toMatchObject({
        status: 404,
        message: expect.stringContaining(`"${at}" not found`),
      })
    })

    test('creates an object with a generated name', async () => {
      const { metadata, ...rest } = object('')
      const created = await client.create(resource, { ...rest, metadata: { generateName: `${kind}-gen-` } }, shop)
      expect(created.metadata.name).toMatch(/-gen-.{5}$/)
      expect(metadata.namespace).toBe('shop')
    })

    test('reports a name that is taken, and one that is invalid', async () => {
      await client.create(resource, object(name('taken')))
      const taken = await failureOf(client.create(resource, object(name('taken'))))
      expect(taken).toMatchObject({
        status: 409,
        reason: 'AlreadyExists',
        message: expect.stringContaining(`"${name('taken')}" already exists`),
      })
      expect(isConflictError(taken)).toBe(false)
      expect(await failureOf(client.create(resource, object('X_')))).toMatchObject({
        status: 422,
        message: expect.stringMatching(/"X_" is invalid: metadata.name: Invalid value: "X_": a lowercase RFC 1123/),
        body: { details: { causes: expect.arrayContaining([expect.objectContaining({ field: 'metadata.name' })]) } },
      })
    })

    test('refuses an update of another version than the current one', async () => {
      const first = await client.create(resource, object(name('conflict')))
      await client.patch(resource, name('conflict'), { merge: { metadata: { labels: { a: 'b' } } } }, shop)
      const error = await failureOf(client.replace(resource, { ...first, metadata: { ...first.metadata, labels: { c: 'd' } } }))
      expect(error).toMatchObject({
        name: 'ConflictError',
        conflicts: [],
        message: expect.stringContaining('the object has been modified'),
      })
      const stale = { merge: { metadata: { resourceVersion: first.metadata.resourceVersion ?? '', labels: { e: 'f' } } } }
      expect(await failureOf(client.patch(resource, name('conflict'), stale, shop))).toSatisfy(isConflictError)
      const late = { preconditions: { resourceVersion: first.metadata.resourceVersion } }
      expect(await failureOf(client.delete(resource, name('conflict'), { ...shop, ...late }))).toSatisfy(isConflictError)
      expect(await failureOf(client.delete(resource, name('conflict'), { ...shop, preconditions: { uid: 'x' } }))).toSatisfy(
        isConflictError,
      )
      expect(await client.get(resource, name('conflict'), shop)).toMatchObject({ metadata: { labels: { a: 'b' } } })
    })

    test('completes concurrent updates of one object', async () => {
      await client.create(resource, { ...object(name('race')), spec: { ...object('').spec, replicas: 0 } })
      const add = (object: Gadget) => {
        object.spec = { ...object.spec, replicas: (object.spec?.replicas ?? 0) + 1 }
      }
      const backoff = { steps: 50, jitter: 3 }
      await Promise.all(Array.from({ length: 8 }, () => updateWithRetry(client, resource, name('race'), add, { ...shop, backoff })))
      expect((await client.get(resource, name('race'), shop)).spec?.replicas).toBe(8)
    })

    test('updates the status, and the object without it', async () => {
      const created = await client.create(resource, object(name('status')))
      const changed = { ...created, spec: { ...created.spec, replicas: 7 }, status: { ...created.status, replicas: 2 } }
      expect(await client.replace(resource, changed, { subresource: 'status' })).toMatchObject({
        spec: { replicas: 1 },
        status: { replicas: 2 },
      })
      expect(
        await client.patch(
          resource,
          name('status'),
          { merge: { spec: { replicas: 6 }, status: { replicas: 3 } } },
          { ...shop, subresource: 'status' },
        ),
      ).toMatchObject({ spec: { replicas: 1 }, status: { replicas: 3 } })
      const patched = await client.patch(resource, name('status'), { merge: { spec: { replicas: 5 }, status: { replicas: 9 } } }, shop)
      expect(patched).toMatchObject({ spec: { replicas: 5 }, status: { replicas: 3 } })
      expect(await client.get(resource, name('status'), { ...shop, subresource: 'status' })).toMatchObject({ status: { replicas: 3 } })
      const mutate = (object: Gadget) => ({ ...object, status: { ...object.status, replicas: 4 } })
      expect(await updateWithRetry(client, resource, name('status'), mutate, { ...shop, subresource: 'status' })).toMatchObject({
        status: { replicas: 4 },
      })
    })

    test('reads and updates the scale', async () => {
      await client.create(resource, object(name('scale')))
      const at = { ...shop, subresource: 'scale' } as const
      const scale = await client.get(resource, name('scale'), at)
      expect(scale).toMatchObject({ kind: 'Scale', spec: { replicas: 1 } })
      expect((await client.replace(resource, { metadata: scale.metadata, spec: { replicas: 2 } }, at)).spec?.replicas).toBe(2)
      expect(await failureOf(client.replace(resource, { ...scale, spec: { replicas: 9 } }, at))).toSatisfy(isConflictError)
      expect((await client.patch(resource, name('scale'), { merge: { spec: { replicas: 4 } } }, at)).spec?.replicas).toBe(4)
      expect((await client.get(resource, name('scale'), shop)).spec?.replicas).toBe(4)
    })

    test('apply creates, updates, removes, conflicts, and takes over fields by force', async () => {
      const mine = { fieldManager: 'mine' }
      const labelled = (labels: Record<string, string>) => ({
        ...object(name('applied')),
        metadata: { ...object(name('applied')).metadata, labels },
      })
      const first = await client.apply(resource, labelled({ a: '1', b: '1' }), mine)
      expect(first).toMatchObject({ metadata: { labels: { a: '1', b: '1' } }, spec: { replicas: 1 } })
      expect((await client.apply(resource, labelled({ a: '1', b: '1' }), mine)).metadata.resourceVersion).toBe(
        first.metadata.resourceVersion,
      )
      expect((await client.apply(resource, labelled({ a: '2' }), mine)).metadata.labels).toEqual({ a: '2' })
      await client.patch(resource, name('applied'), { merge: { metadata: { labels: { c: '1' } } } }, { ...shop, fieldManager: 'by "hand"' })
      const other = { metadata: { name: name('applied'), namespace: 'shop', labels: { c: '2' } }, spec: { replicas: 3 } }
      const error = await failureOf(client.apply(resource, other, { fieldManager: 'other' }))
      expect(error).toMatchObject({ name: 'ConflictError', message: expect.stringContaining('Apply failed with 2 conflicts') })
      expect(isConflictError(error) && new Set(error.conflicts)).toEqual(
        new Set([
          { manager: 'mine', field: '.spec.replicas' },
          { manager: 'by "hand"', field: '.metadata.labels.c' },
        ]),
      )
      const taken = await client.apply(resource, other, { fieldManager: 'other', force: true })
      expect(taken).toMatchObject({ metadata: { labels: { a: '2', c: '2' } }, spec: { replicas: 3 } })
      expect(await failureOf(client.apply(resource, labelled({ a: '2' }), mine))).toMatchObject({
        conflicts: [{ manager: 'other', field: '.spec.replicas' }],
        message: expect.stringContaining('Apply failed with 1 conflict: conflict with "other": .spec.replicas'),
      })
      // @ts-expect-error apply requires a field manager
      expect(await failureOf(client.apply(resource, labelled({}), {}))).toMatchObject({
        status: 422,
        message: expect.stringContaining('fieldManager: Required value'),
      })
    })

    test('a dry run of each verb changes nothing', async () => {
      const created = await client.create(resource, object(name('dry')))
      const dry = { dryRun: 'All' } as const
      expect(await client.create(resource, object(name('never')), dry)).toMatchObject({ metadata: { uid: expect.any(String) } })
      expect((await client.replace(resource, { ...created, spec: { ...created.spec, replicas: 5 } }, dry)).spec?.replicas).toBe(5)
      await client.patch(resource, name('dry'), { merge: { spec: { replicas: 5 } } }, { ...shop, ...dry })
      await client.apply(resource, object(name('never')), { fieldManager: 'x', ...dry })
      await client.delete(resource, name('dry'), { ...shop, ...dry })
      await client.deleteCollection(resource, { ...shop, ...dry })
      expect(await client.get(resource, name('dry'), shop)).toMatchObject({
        metadata: { resourceVersion: created.metadata.resourceVersion },
      })
      expect(await failureOf(client.get(resource, name('never'), shop))).toMatchObject({ status: 404 })
    })

    test('unknown fields are reported, rejected or ignored according to fieldValidation', async () => {
      const odd = (what: string) => ({ ...object(name(what)), spec: { ...object('').spec, shape: 'round' } })
      warnings = []
      await client.create(resource, odd('warned'))
      expect(warnings).toEqual([{ code: 299, agent: '-', text: 'unknown field "spec.shape"' }])
      await client.create(resource, odd('ignored'), { fieldValidation: 'Ignore' })
      expect(warnings).toHaveLength(1)
      expect(await failureOf(client.create(resource, odd('strict'), { fieldValidation: 'Strict' }))).toMatchObject({
        status: 400,
        message: expect.stringContaining('unknown field "spec.shape"'),
      })
    })

    test('an invalid object is reported with every cause', async () => {
      const wrong = kind === 'custom' ? { size: 11, colors: [1] } : { replicas: -1, minReadySeconds: -2 }
      const error = await failureOf(
        client.create(resource, { ...object(name('invalid')), spec: { ...object('').spec, ...(wrong as object) } }),
      )
      const fields = kind === 'custom' ? ['spec.size', 'spec.colors[0]'] : ['spec.replicas', 'spec.minReadySeconds']
      for (const field of fields) expect(error).toMatchObject({ status: 422, reason: 'Invalid', message: expect.stringContaining(field) })
    })

    test('deletes a collection by selector', async () => {
      for (const [what, odd] of [
        ['c1', 'yes'],
        ['c2', 'no'],
        ['c3', 'yes'],
      ] as const) {
        const { metadata, ...rest } = object(name(what))
        await client.create(resource, { ...rest, metadata: { ...metadata, labels: { odd, kind } } })
      }
      const gone = await client.deleteCollection(resource, { ...shop, labelSelector: `odd=yes,kind=${kind}` })
      expect('items' in gone && gone.items.map(({ metadata }) => metadata.name)).toEqual([name('c1'), name('c3')])
      expect((await client.list(resource, { ...shop, labelSelector: `kind=${kind}` })).items).toHaveLength(1)
    })
  })

  test('deletes dependents in the foreground, in the background, or orphans them', async () => {
    const owner = await client.create(ConfigMap, { metadata: { name: 'owner', ...shop } })
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid ?? '' }]
    await client.create(ConfigMap, { metadata: { name: 'owned', ...shop, ownerReferences } })
    const marked = await client.delete(ConfigMap, 'owner', { ...shop, propagationPolicy: 'Orphan' })
    expect(marked).toMatchObject({ kind: 'ConfigMap', metadata: { finalizers: ['orphan'], deletionTimestamp: expect.any(String) } })
    await until('the owner to be gone', () =>
      client.get(ConfigMap, 'owner', shop).then(
        () => undefined,
        () => true,
      ),
    )
    expect((await client.get(ConfigMap, 'owned', shop)).metadata.ownerReferences).toBeUndefined()
  })

  test('binds a pod to a node, ends it after its grace period, and evicts it unless a budget forbids that', async () => {
    await client.create(Pod, pod('bound', { app: 'bound' }))
    const bind = () =>
      client.create(Pod, { metadata: { name: 'bound' }, target: { kind: 'Node', name: 'n1' } }, { ...shop, subresource: 'binding' })
    expect(await bind()).toMatchObject({ kind: 'Status', status: 'Success' })
    expect(await failureOf(bind())).toMatchObject({ status: 409, message: expect.stringContaining('already assigned to node "n1"') })
    expect(await client.get(Pod, 'bound', shop)).toMatchObject({ spec: { nodeName: 'n1' } })
    const ready = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] }
    await client.patch(Pod, 'bound', { merge: { status: ready } }, { ...shop, subresource: 'status' })
    const Budget = defineResource<KubeObject & { spec?: object; status?: object }>({
      group: 'policy',
      version: 'v1',
      plural: 'poddisruptionbudgets',
      kind: 'PodDisruptionBudget',
    })
    const budget = await client.create(Budget, {
      metadata: { name: 'b', ...shop },
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'bound' } } },
    })
    const counts = {
      observedGeneration: budget.metadata.generation,
      disruptionsAllowed: 0,
      currentHealthy: 1,
      desiredHealthy: 1,
      expectedPods: 1,
    }
    await client.replace(Budget, { ...budget, status: counts }, { subresource: 'status' })
    const evict = () => client.create(Pod, { metadata: { name: 'bound' } }, { ...shop, subresource: 'eviction' })
    expect(await failureOf(evict())).toMatchObject({
      status: 429,
      message: expect.stringMatching(
        /violate the pod's disruption budget.*The disruption budget b needs 1 healthy pods and has 1 currently/,
      ),
    })
    await client.delete(Budget, 'b', shop)
    expect(await evict()).toMatchObject({ kind: 'Status', status: 'Success' })
    expect(await client.get(Pod, 'bound', shop)).toMatchObject({ metadata: { deletionGracePeriodSeconds: 30 } })
    expect(await client.delete(Pod, 'bound', { ...shop, gracePeriodSeconds: 0 })).toMatchObject({ metadata: { name: 'bound' } })
    expect(await failureOf(client.get(Pod, 'bound', shop))).toMatchObject({ status: 404 })
  })

  test('a strategic patch merges the containers of a pod template by name', async () => {
    await client.create(Deployment, deployment('merged'))
    const patch = { spec: { template: { spec: { containers: [{ name: 'side', image: 'side:1' }] } } } }
    const both = await client.patch(Deployment, 'merged', { strategic: patch }, shop)
    expect(both.spec?.template.spec?.containers.map(({ name }) => name).sort()).toEqual(['side', 'web'])
    const removal = { spec: { template: { spec: { containers: [{ name: 'side', $patch: 'delete' }] } } } }
    const one = await client.patch(Deployment, 'merged', { strategic: removal }, shop)
    expect(one.spec?.template.spec?.containers.map(({ name }) => name)).toEqual(['web'])
  })

  test('several warnings of one response arrive unchanged', async () => {
    const policy = (name: string, messageExpression: string) => ({
      apiVersion: 'v1',
      kind: 'List',
      items: [
        {
          apiVersion: 'admissionregistration.k8s.io/v1',
          kind: 'ValidatingAdmissionPolicy',
          metadata: { name },
          spec: {
            matchConstraints: {
              resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
            },
            validations: [{ expression: "!object.metadata.name.startsWith('frowned-upon')", messageExpression }],
          },
        },
        {
          apiVersion: 'admissionregistration.k8s.io/v1',
          kind: 'ValidatingAdmissionPolicyBinding',
          metadata: { name },
          spec: { policyName: name, validationActions: ['Warn'] },
        },
      ],
    })
    await cluster().kubectl(['apply', '-f', '-'], { input: JSON.stringify(policy('one', `'says "no", über\\\\all'`)) })
    await cluster().kubectl(['apply', '-f', '-'], { input: JSON.stringify(policy('two', "'says 299 - twice'")) })
    const texts = await until('both policies to be in force', async () => {
      warnings = []
      await client.create(ConfigMap, { metadata: { generateName: 'frowned-upon-', ...shop } })
      return warnings.length === 2 ? warnings.map(({ text }) => text).sort() : undefined
    })
    expect(texts).toEqual([expect.stringContaining('says "no", über\\all'), expect.stringContaining('says 299 - twice')])
  })

  describe('errors of requests', () => {
    test('reports a namespace that does not exist', async () => {
      expect(await failureOf(client.create(ConfigMap, { metadata: { name: 'a', namespace: 'nowhere' } }))).toMatchObject({
        status: 404,
        message: expect.stringContaining('namespaces "nowhere" not found'),
      })
    })

    test('reports a group, a version and a resource that are not served', async () => {
      for (const wrong of [{ group: 'nowhere.example' }, { group: 'example.com', version: 'v9' }, { group: 'apps', plural: 'gadgets' }]) {
        const resource = defineResource({ version: 'v1', plural: 'gadgets', kind: 'Gadget', ...wrong })
        expect(await failureOf(client.get(resource, 'a', shop))).toMatchObject({
          status: 404,
          message: expect.stringMatching(/\(is its API, or CustomResourceDefinition, installed\?\)$/),
        })
      }
    })

    test('reports a user without permissions, and an unknown user', async () => {
      const as = (options: object) => new KubeClient({ baseUrl: cluster().proxyUrl, ...options })
      const viewer = as({ impersonate: { user: 'viewer' } })
      expect(await failureOf(viewer.create(ConfigMap, { metadata: { name: 'a', ...shop } }))).toMatchObject({
        status: 403,
        reason: 'Forbidden',
        message: expect.stringContaining('User "viewer" cannot create resource "configmaps" in API group "" in the namespace "shop"'),
      })
    })

    test('reports an object that is too large', async () => {
      const large = { metadata: { name: 'large', ...shop }, data: { text: 'x'.repeat(2_000_000) } }
      expect(await failureOf(client.create(ConfigMap, large))).toMatchObject({ status: 422, message: expect.stringContaining('Too long') })
      const larger = { metadata: { name: 'larger', ...shop }, data: { text: 'x'.repeat(4_000_000) } }
      expect(await failureOf(client.create(ConfigMap, larger))).toMatchObject({ status: 413, reason: 'RequestEntityTooLarge' })
      expect(
        String(await failureOf(client.create(Gadget, { metadata: { name: 'l', ...shop, annotations: { a: 'x'.repeat(300_000) } } }))),
      ).toContain('metadata.annotations: Too long')
    })

    test('reports a kind in the wrong place, and a patch that does not fit', async () => {
      expect(await failureOf(client.create(ConfigMap, { kind: 'Pod', apiVersion: 'v1', metadata: { name: 'a', ...shop } }))).toMatchObject({
        status: 400,
        message: expect.stringContaining('cannot be handled as a ConfigMap'),
      })
      await client.create(ConfigMap, { metadata: { name: 'patched', ...shop } })
      const missing = { json: [{ op: 'remove', path: '/data/x' }] } as const
      expect(await failureOf(client.patch(ConfigMap, 'patched', missing, shop))).toMatchObject({
        status: 422,
        message: expect.stringContaining('the server rejected our request due to an error in our request'),
      })
    })

    test('reports an unsupported verb and an unknown subresource', async () => {
      expect(await failureOf(client.get(ConfigMap, 'patched', { ...shop, subresource: 'scale' }))).toMatchObject({ status: 404 })
      expect(await failureOf(client.deleteCollection(Namespace, { labelSelector: 'a=b' }))).toMatchObject({
        status: 405,
        message: expect.stringContaining('the server does not allow this method on the requested resource'),
      })
    })
  })
})
