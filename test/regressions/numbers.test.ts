import { expect, test } from 'vitest'
import { isApiError, isConflictError } from '../../src/api/errors'
import type { KubeObject } from '../../src/api/object'
import { defineResource } from '../../src/api/resource'
import { KubeClient } from '../../src/http/client'
import { updateWithRetry } from '../../src/http/update-with-retry'
import { FakeApiServer } from '../../src/testing'

interface Counter extends KubeObject {
  spec: { limit?: number | bigint; copy?: number | bigint; list?: { limit?: number; name: string }[]; note?: string | undefined }
}
const Counter = defineResource<Counter>({ group: 'example.com', version: 'v1', plural: 'counters', kind: 'Counter' })
const shop = { namespace: 'shop' }
const stored =
  '{"apiVersion":"example.com/v1","kind":"Counter","metadata":{"name":"a","namespace":"shop","resourceVersion":"7","labels":{"x":"1"}},' +
  '"spec":{"limit":9223372036854775807,"list":[{"limit":9223372036854775807,"name":"one"}]}}'

/** A server with one object, which notes the body of each change. */
function serverOf(text: string, answer = () => new Response(text)) {
  const changes: { method: string; type: string | null; body: string }[] = []
  const fetch = async (request: Request) => {
    if (request.method === 'GET') return new Response(text)
    changes.push({ method: request.method, type: request.headers.get('content-type'), body: await request.text() })
    return answer()
  }
  return { client: new KubeClient({ baseUrl: 'http://kube.test', fetch }), changes }
}
const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => expect.unreachable('it should have failed'),
    (error: Error) => error,
  )
const label = (object: Counter) => {
  object.metadata.labels = { ...object.metadata.labels, y: '2' }
}

test('updateWithRetry that touches a label does not write an int64 back rounded: it sends what changed, for the version it read', async () => {
  const { client, changes } = serverOf(stored)
  await updateWithRetry(client, Counter, 'a', label, shop)
  expect(changes).toEqual([
    {
      method: 'PATCH',
      type: 'application/json-patch+json',
      body: JSON.stringify([
        { op: 'replace', path: '/metadata/resourceVersion', value: '7' },
        { op: 'add', path: '/metadata/labels/y', value: '2' },
      ]),
    },
  ])
})

test('updateWithRetry replaces an object whose numbers survive, as before', async () => {
  const { client, changes } = serverOf(stored.replaceAll('9223372036854775807', '9007199254740991'))
  await updateWithRetry(client, Counter, 'a', label, shop)
  expect(changes).toMatchObject([{ method: 'PUT', body: expect.stringContaining('"limit":9007199254740991') }])
})

test.each<[string, (object: Counter) => void, object[]]>([
  [
    'an item before it',
    ({ spec }) => void spec.list?.unshift({ name: 'zero' }),
    [{ op: 'add', path: '/spec/list/0', value: { name: 'zero' } }],
  ],
  [
    'its neighbour',
    ({ spec }) => void Object.assign(spec.list?.[0] ?? {}, { name: 'two' }),
    [{ op: 'replace', path: '/spec/list/0/name', value: 'two' }],
  ],
  ['the field itself, away', ({ spec }) => void delete spec.limit, [{ op: 'remove', path: '/spec/limit' }]],
  ['a field to undefined', ({ spec }) => void Object.assign(spec, { note: undefined }), []],
  ['the resourceVersion away', ({ metadata }) => void delete metadata.resourceVersion, []],
])('updateWithRetry leaves an int64 alone that stands in a list, and sends only what changed: %s', async (_, mutate, operations) => {
  const { client, changes } = serverOf(stored)
  await updateWithRetry(client, Counter, 'a', mutate, shop)
  expect(JSON.parse(changes[0]?.body ?? '')).toEqual([{ op: 'replace', path: '/metadata/resourceVersion', value: '7' }, ...operations])
})

test('updateWithRetry takes an object that mutate returns without its type', async () => {
  const { client, changes } = serverOf(stored)
  await updateWithRetry(client, Counter, 'a', ({ metadata, spec }) => ({ metadata, spec: { ...spec, note: 'n' } }), shop)
  expect(JSON.parse(changes[0]?.body ?? '').slice(1)).toEqual([{ op: 'add', path: '/spec/note', value: 'n' }])
})

test('updateWithRetry writes an int64 that is given as a bigint, digit by digit', async () => {
  const { client, changes } = serverOf(stored)
  const set = ({ spec }: Counter) => void Object.assign(spec, { limit: 9223372036854775806n })
  await updateWithRetry(client, Counter, 'a', set, shop)
  expect(changes[0]?.body).toContain('{"op":"replace","path":"/spec/limit","value":9223372036854775806}')
})

test('updateWithRetry refuses to copy an int64 that was rounded, and names the field', async () => {
  const { client, changes } = serverOf(stored)
  const error = await failureOf(updateWithRetry(client, Counter, 'a', ({ spec }) => void Object.assign(spec, { copy: spec.limit }), shop))
  expect(error).toBeInstanceOf(TypeError)
  expect(error.message).toMatch(/^spec\.copy: the integer 9223372036854776000 is beyond 2\^53.*bigint/)
  expect(changes).toEqual([])
})

test('a patch of what changed conflicts as a replacement does, and is made again of what is there by then', async () => {
  const server = new FakeApiServer({ resources: [Counter] })
  const client = new KubeClient({ baseUrl: 'http://kube.test', fetch: server.fetch })
  const counter = (note: string) => ({ metadata: { name: 'a', namespace: 'shop' }, spec: { limit: 2 ** 60, note } })
  server.create(Counter, counter('0'))
  const seen: unknown[] = []
  const result = await updateWithRetry(
    client,
    Counter,
    'a',
    (object) => {
      seen.push(object.spec.note)
      if (seen.length < 3) server.update(Counter, counter(String(seen.length)))
      label(object)
    },
    shop,
  )
  expect(seen).toEqual(['0', '1', '2'])
  expect(result).toMatchObject({ metadata: { labels: { y: '2' } }, spec: { note: '2', limit: 2 ** 60 } })
  const always = () => void server.update(Counter, counter(String(Math.random())))
  expect(await failureOf(updateWithRetry(client, Counter, 'a', always, shop))).toSatisfy(isConflictError)
})

test('a patch that does not fit is tried again only when the object has changed meanwhile', async () => {
  const invalid = () => Response.json({ kind: 'Status', status: 'Failure', reason: 'Invalid', message: 'no', code: 422 }, { status: 422 })
  const { client, changes } = serverOf(stored, invalid)
  const error = await failureOf(updateWithRetry(client, Counter, 'a', label, shop))
  expect(isApiError(error) && error.status).toBe(422)
  expect(changes).toHaveLength(1)
})

test.each<[string, (client: KubeClient) => Promise<unknown>]>([
  ['replace', async (client) => client.replace(Counter, await client.get(Counter, 'a', shop))],
  ['create', async (client) => client.create(Counter, await client.get(Counter, 'a', shop))],
  ['apply', async (client) => client.apply(Counter, (await client.get(Counter, 'a', shop)) as never, { fieldManager: 'me' })],
  ['patch', async (client) => client.patch(Counter, 'a', { merge: { spec: (await client.get(Counter, 'a', shop)).spec } }, shop)],
])('%s refuses an int64 that was rounded when it was read, and names object and field', async (_, write) => {
  const { client, changes } = serverOf(stored)
  const error = await failureOf(write(client))
  expect(error).toBeInstanceOf(TypeError)
  expect(error.message).toMatch(/^counters\.example\.com a: spec\.limit: the integer 9223372036854776000 is beyond 2\^53/)
  expect(changes).toEqual([])
})

test('replace writes bigints digit by digit', async () => {
  const { client, changes } = serverOf(stored)
  await client.replace(Counter, { metadata: { name: 'a', namespace: 'shop' }, spec: { limit: 9223372036854775807n } })
  expect(changes[0]?.body).toContain('"limit":9223372036854775807}')
})
