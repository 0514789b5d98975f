import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ConfigMap, Namespace } from '../../src/resources/core/v1'
import { FakeApiServer } from '../../src/testing'
import { type HttpServer, serve } from '../support/http'
import { goesQuietly, type RunningExample, runExample } from './run'

let api: FakeApiServer
let http: HttpServer

beforeEach(async () => {
  api = new FakeApiServer()
  http = await serve(api.fetch)
})
afterEach(() => http.close())

const mirrors = { mirrors: 'default.shared' }
const namespaceOf = (name: string, labels: Record<string, string> = mirrors): Namespace => ({ metadata: { name, labels } })
const configMap = (namespace: string, color: string, labels: Record<string, string> = {}): ConfigMap => ({
  metadata: { name: 'shared', namespace, labels },
  data: { color },
})
const colorIn = (namespace: string) => api.get(ConfigMap, { name: 'shared', namespace })?.data?.color

/** The next lines, in alphabetical order: which namespace comes first is not promised. */
async function lines(example: RunningExample, count: number): Promise<(string | undefined)[]> {
  const read: (string | undefined)[] = []
  while (read.length < count) read.push(await example.line())
  return read.sort()
}

// Each run starts a process that compiles the sources as it loads them.
describe('mirroring-a-configmap', { timeout: 60_000 }, () => {
  const start = () => runExample('mirroring-a-configmap', '--server', http.url)

  test('copies the ConfigMap into the labelled namespaces, and follows it, the labels and whoever meddles with the copies', async () => {
    for (const name of ['team-a', 'team-b']) api.create(Namespace, namespaceOf(name))
    api.create(Namespace, namespaceOf('other', {}))
    api.create(ConfigMap, configMap('default', 'red'))
    await using example = start()
    expect(await lines(example, 2)).toEqual(['POST team-a', 'POST team-b'])
    expect(['team-a', 'team-b', 'other', 'default'].map(colorIn)).toEqual(['red', 'red', undefined, 'red'])

    api.update(ConfigMap, configMap('default', 'green'))
    expect(await lines(example, 2)).toEqual(['PUT team-a', 'PUT team-b'])
    api.update(Namespace, namespaceOf('other'))
    expect(await lines(example, 1)).toEqual(['POST other'])
    api.update(Namespace, namespaceOf('team-b', {}))
    expect(await lines(example, 1)).toEqual(['DELETE team-b'])
    api.delete(ConfigMap, { name: 'shared', namespace: 'team-a' })
    expect(await lines(example, 1)).toEqual(['POST team-a'])
    api.update(ConfigMap, configMap('team-a', 'pink', mirrors))
    expect(await lines(example, 1)).toEqual(['PUT team-a'])
    expect(['team-a', 'team-b', 'other', 'default'].map(colorIn)).toEqual(['green', undefined, 'green', 'green'])

    api.delete(ConfigMap, { name: 'shared', namespace: 'default' })
    expect(await lines(example, 2)).toEqual(['DELETE other', 'DELETE team-a'])
    await goesQuietly(example, api)
  })

  test('killed and started again, it makes good what happened meanwhile', async () => {
    for (const name of ['kept', 'left', 'emptied', 'changed']) api.create(Namespace, namespaceOf(name))
    api.create(ConfigMap, configMap('default', 'red'))
    const first = start()
    expect(await lines(first, 4)).toHaveLength(4)
    await first[Symbol.asyncDispose]()
    await vi.waitUntil(() => api.openRequests.length === 0)

    api.update(Namespace, namespaceOf('left', {}))
    api.create(Namespace, namespaceOf('joined'))
    api.delete(ConfigMap, { name: 'shared', namespace: 'emptied' })
    api.update(ConfigMap, configMap('changed', 'pink', mirrors))
    await using second = start()
    expect(await lines(second, 4)).toEqual(['DELETE left', 'POST emptied', 'POST joined', 'PUT changed'])
    expect(['kept', 'changed', 'emptied', 'joined', 'left'].map(colorIn)).toEqual(['red', 'red', 'red', 'red', undefined])
    await goesQuietly(second, api)
  })

  test('leaves alone what is not its own, and tries again until it is out of the way', async () => {
    api.create(Namespace, namespaceOf('team-a'))
    api.create(Namespace, namespaceOf('team-b'))
    api.create(ConfigMap, configMap('team-a', 'theirs'))
    api.create(ConfigMap, configMap('default', 'red'))
    await using example = start()
    expect(await lines(example, 1)).toEqual(['POST team-b'])
    await vi.waitUntil(() => example.stderr().includes('team-a: ApiError: POST'))
    expect(colorIn('team-a')).toBe('theirs')
    api.delete(ConfigMap, { name: 'shared', namespace: 'team-a' })
    expect(await lines(example, 1)).toEqual(['POST team-a'])
    example.interrupt()
    expect(await example.ended).toMatchObject({ code: 0 })
  })
})
