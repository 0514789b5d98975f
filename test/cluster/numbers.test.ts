import { beforeAll, expect, test } from 'vitest'
import { isConflictError } from '../../src/api/errors'
import type { KubeObject } from '../../src/api/object'
import { defineResource } from '../../src/api/resource'
import { KubeClient } from '../../src/http/client'
import { updateWithRetry } from '../../src/http/update-with-retry'
import { until } from './component.ts'
import { describeCluster } from './suite.ts'

interface Counter extends KubeObject {
  spec?: { limit?: number | bigint; ratio?: number; list?: { name: string; limit?: number | bigint }[] }
}
const Counter = defineResource<Counter>({ group: 'numbers.example.com', version: 'v1', plural: 'counters', kind: 'counter' })
const limit = { type: 'integer', format: 'int64' }
const list = { type: 'array', items: { type: 'object', properties: { name: { type: 'string' }, limit } } }
const spec = { type: 'object', properties: { limit, ratio: { type: 'number' }, list } }
const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'counters.numbers.example.com' },
  spec: {
    group: 'numbers.example.com',
    scope: 'Namespaced',
    names: { plural: 'counters', singular: 'counter', kind: 'counter', listKind: 'counterList' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { spec } } } }],
  },
}
const place = { namespace: 'default' }
const LARGEST = 9223372036854775807n

describeCluster('numbers that JavaScript rounds', (cluster) => {
  const client = () => new KubeClient({ baseUrl: cluster().proxyUrl })
  const textOf = async (name: string) =>
    (await fetch(`${cluster().proxyUrl}/apis/numbers.example.com/v1/namespaces/default/counters/${name}`)).text()
  const create = (name: string) =>
    client().create(Counter, {
      metadata: { name, ...place },
      spec: { limit: LARGEST, ratio: 0.1, list: [{ name: 'one', limit: -LARGEST - 1n }, { name: 'two' }] },
    })

  beforeAll(async () => {
    await cluster().kubectl(['create', '-f', '-'], { input: JSON.stringify(definition) })
    await until('the server to serve counters', async () => {
      const response = await fetch(`${cluster().proxyUrl}/apis/numbers.example.com/v1/counters`)
      return response.ok || undefined
    })
  })

  test('the server stores large numbers with all digits when they are written as bigints', async () => {
    await create('bigint')
    expect(await textOf('bigint')).toContain('"limit":9223372036854775807')
    expect(await textOf('bigint')).toContain('"limit":-9223372036854775808')
  })

  test('large numbers survive an update of a label, of a neighbouring list and of their neighbours', async () => {
    await create('update')
    const updated = await updateWithRetry(
      client(),
      Counter,
      'update',
      (object) => {
        object.metadata.labels = { 'example.com/a': 'c' }
        Object.assign(object.spec ?? {}, { ratio: 0.25 })
        object.spec?.list?.unshift({ name: 'zero' })
        object.spec?.list?.pop()
      },
      place,
    )
    expect(updated.metadata.labels).toEqual({ 'example.com/a': 'c' })
    expect(updated.spec?.list?.map(({ name }) => name)).toEqual(['zero', 'one'])
    const text = await textOf('update')
    expect(text).toContain('"limit":9223372036854775807')
    expect(text).toContain('"limit":-9223372036854775808')
    expect(text).toContain('"ratio":0.25')
  })

  test('large numbers do not hide a conflict: all of eight concurrent updates are applied', async () => {
    await create('race')
    const add = (object: Counter) => {
      object.spec?.list?.push({ name: 'more' })
    }
    const backoff = { steps: 50, durationMs: 20 }
    await Promise.all(Array.from({ length: 8 }, () => updateWithRetry(client(), Counter, 'race', add, { ...place, backoff })))
    expect((await client().get(Counter, 'race', place)).spec?.list).toHaveLength(10)
  })

  test('an update of large numbers throws a ConflictError when it always loses the race', async () => {
    await create('late')
    let others = 0
    const beLate = async (object: Counter) => {
      await client().patch(Counter, 'late', { merge: { metadata: { labels: { n: String(others++) } } } }, place)
      object.spec?.list?.pop()
    }
    await expect(updateWithRetry(client(), Counter, 'late', beLate, place)).rejects.toSatisfy(isConflictError)
  })

  test('replacing an object with rounded numbers is refused with an error that names the field', async () => {
    await create('replace')
    const read = await client().get(Counter, 'replace', place)
    await expect(client().replace(Counter, read)).rejects.toThrow('counters.numbers.example.com replace: spec.limit: the integer')
    expect(await textOf('replace')).toContain('"limit":9223372036854775807')
  })
})
