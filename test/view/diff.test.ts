import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KubeClient } from '../../src'
import { diff, ownersAt, ownersOf } from '../../src/live'
import { Deployment } from '../../src/resources/apps/v1'
import { FakeApiServer } from '../../src/testing'

describe('diff', () => {
  it('names what was added, removed and changed by its path', () => {
    const before = { metadata: { labels: { 'a.b/c': '1', old: 'x' } }, spec: { replicas: 1 }, status: { phase: 'Pending' } }
    const after = {
      metadata: { labels: { 'a.b/c': '2', '': 'y' } },
      spec: { replicas: 1 },
      status: { phase: 'Running', ready: { is: true } },
    }
    expect(diff(before, after)).toEqual([
      { path: 'metadata.labels.old', type: 'removed', before: 'x', after: undefined },
      { path: 'metadata.labels["a.b/c"]', type: 'changed', before: '1', after: '2' },
      { path: 'metadata.labels[""]', type: 'added', before: undefined, after: 'y' },
      { path: 'status.phase', type: 'changed', before: 'Pending', after: 'Running' },
      { path: 'status.ready', type: 'added', before: undefined, after: { is: true } },
    ])
  })

  it('gives an item of a list its place in the later version, and a removed one that in the earlier', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) => ({ name, image: `${name}:1` }))
    expect(diff({ list: [a, b] }, { list: [c, a, { ...b, image: 'b:2' }] })).toEqual([
      { path: 'list[2].image', type: 'changed', before: 'b:1', after: 'b:2' },
      { path: 'list[0]', type: 'added', before: undefined, after: c },
    ])
    expect(diff({ list: [a, b, c] }, { list: [b, { ...c, image: 'c:2' }] })).toEqual([
      { path: 'list[1].image', type: 'changed', before: 'c:1', after: 'c:2' },
      { path: 'list[0]', type: 'removed', before: a, after: undefined },
    ])
  })

  it('compares any values, and finds nothing in equal ones', () => {
    expect(diff(undefined, { a: 1 })).toEqual([{ path: '', type: 'changed', before: undefined, after: { a: 1 } }])
    fc.assert(fc.property(fc.jsonValue(), (value) => diff(value, structuredClone(value)).length === 0))
  })

  it('gives the values at its paths', () => {
    const names = fc.constantFrom('a', 'b', 'c.d')
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(1, 'x', true),
        fc.dictionary(names, tie('tree'), { maxKeys: 3 }),
        fc.array(tie('tree'), { maxLength: 3 }),
      ),
    }))
    const valueAt = (value: unknown, path: string): unknown =>
      [...path.matchAll(/\[("[^"]*"|\d+)\]|[^.[\]]+/g)].reduce<unknown>(
        (at, [name, inBrackets]) => (at as Record<string, unknown>)[inBrackets ? JSON.parse(inBrackets) : name],
        value,
      )
    fc.assert(
      fc.property(tree, tree, (before, after) => {
        for (const difference of diff(before, after)) {
          if (difference.type === 'removed') expect(valueAt(before, difference.path)).toEqual(difference.before)
          else expect(valueAt(after, difference.path)).toEqual(difference.after)
        }
      }),
    )
  })
})

describe('ownersOf', () => {
  const managers = (owners: readonly { manager: string; subresource?: string | undefined }[]) =>
    owners.map(({ manager, subresource }) => (subresource ? `${manager}/${subresource}` : manager))

  it('names the managers of fields, of list items by their place, and of what is managed as a whole', () => {
    const object = {
      metadata: { name: 'web', labels: { 'app.kubernetes.io/name': 'web' }, finalizers: ['x', 'y'] },
      spec: { containers: [{ name: 'side' }, { name: 'web', image: 'web:1', args: ['-v'] }], tolerations: [{ key: 'a' }] },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    }
    const fields = {
      'f:metadata': { 'f:labels': { '.': {}, 'f:app.kubernetes.io/name': {}, 'f:gone': {} }, 'f:finalizers': { 'v:"y"': {} } },
      'f:spec': {
        'f:containers': { 'k:{"name":"web"}': { '.': {}, 'f:image': {}, 'f:args': {} }, 'k:{"name":"gone"}': { '.': {} } },
        'f:tolerations': {},
      },
    }
    const status = { 'f:status': { 'f:conditions': { 'k:{"type":"Ready"}': { '.': {}, 'f:status': {} } } } }
    const owners = ownersOf(object, [
      { manager: 'kubectl', operation: 'Apply', time: '2026-01-01T00:00:00Z', fieldsV1: fields },
      { manager: 'other', operation: 'Apply', fieldsV1: { 'f:spec': { 'f:tolerations': {} } } },
      { manager: 'kubelet', operation: 'Update', subresource: 'status', fieldsV1: status },
    ])
    expect(Array.from(owners, ([path, own]) => `${path} ${managers(own)}`)).toEqual([
      'metadata.labels["app.kubernetes.io/name"] kubectl',
      'metadata.finalizers[1] kubectl',
      'spec.containers[1].image kubectl',
      'spec.containers[1].args kubectl',
      'spec.tolerations kubectl,other',
      'status.conditions[0].status kubelet/status',
    ])
    expect(owners.get('spec.containers[1].image')).toEqual([
      { manager: 'kubectl', operation: 'Apply', subresource: undefined, time: '2026-01-01T00:00:00Z' },
    ])
    const at = (path: string) => managers(ownersAt(owners, path))
    expect(at('spec.containers[1].args[0]')).toEqual(['kubectl'])
    expect(at('spec.tolerations[0].key')).toEqual(['kubectl', 'other'])
    expect(at('metadata.labels')).toEqual(['kubectl'])
    expect(at('status')).toEqual(['kubelet/status'])
    expect([at('spec.containers[0].image'), at('spec.container'), at('metadata.name')]).toEqual([[], [], []])
  })

  it('leaves out what a selector names that cannot be read', () => {
    const object = { metadata: { name: 'web' }, list: [{ name: 'a' }, 'b'] }
    const selectors = ['k:{', 'k:null', 'k:{}', 'k:["a"]', 'v:{', 'v:', 'i:x', 'i:', 'i:-1', 'i:9', 'x:0', '', '.']
    const fieldsV1 = { 'f:list': Object.fromEntries(selectors.map((selector) => [selector, {}])) }
    expect([...ownersOf(object, [{ manager: 'x', fieldsV1 }])]).toEqual([])
    expect([...ownersOf(object, [{ manager: 'x', fieldsV1: { 'f:list': { 'i:1': {} } } }]).keys()]).toEqual(['list[1]'])
  })

  it.each(['a b', 'a.', 'a..', '.', '[', 'a[b]', 'a["b', 'a"', 'spec.replicas ', 'a]'])(
    'has no managers of %j, which is no path, and ends',
    (path) => {
      const owners = ownersOf({ metadata: { name: 'a' } }, [{ manager: 'x', fieldsV1: { 'f:metadata': { 'f:name': {} } } }])
      expect(ownersAt(owners, path)).toEqual([])
    },
  )

  it('has nothing for an object without managedFields', () => {
    expect([...ownersOf({ metadata: { name: 'a' } })]).toEqual([])
    expect([...ownersOf({ metadata: { name: 'a', managedFields: [{ manager: 'x' }] } })]).toEqual([])
  })

  it('names the manager of each difference that a server-side apply makes', async () => {
    const server = new FakeApiServer()
    const client = new KubeClient({ baseUrl: 'http://kubernetes.test', fetch: server.fetch })
    const web = (replicas: number, image: string) => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'shop' },
      spec: {
        replicas,
        selector: { matchLabels: { app: 'web' } },
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image }] } },
      },
    })
    const before = await client.apply(Deployment, web(1, 'web:1'), { fieldManager: 'pipeline' })
    const after = await client.apply(Deployment, web(3, 'web:2'), { fieldManager: 'pipeline' })
    const owners = ownersOf(after)
    const changed = diff(before.spec, after.spec).map(({ path }) => `spec.${path}`)
    expect(changed).toEqual(['spec.replicas', 'spec.template.spec.containers[0].image'])
    expect(changed.map((path) => managers(ownersAt(owners, path)))).toEqual([['pipeline'], ['pipeline']])
  })
})
