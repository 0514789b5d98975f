import { describe, expect, it } from 'vitest'
import { FakeApiServer, FakeEndpoint } from '../../src/testing'
import { ConfigMap, configMap, readAll } from './resources'

const url = (path: string) => `http://kubernetes.test${path}`

describe('a fake endpoint', () => {
  const uidOf = async (server: Pick<FakeApiServer, 'fetch'>) => {
    const response = await server.fetch(url('/api/v1/namespaces/kube-system'))
    const { metadata } = (await response.json()) as { metadata: { uid: string } }
    return metadata.uid
  }

  it('identifies each fake server by the uid of its kube-system namespace, which survives a restart', async () => {
    const [one, other] = [new FakeApiServer(), new FakeApiServer()]
    const uid = await uidOf(one)
    expect(uid).toMatch(/^[0-9a-f-]{36}$/)
    one.restart()
    expect(await uidOf(one)).toBe(uid)
    expect(await uidOf(other)).not.toBe(uid)
  })

  it('breaks the connections of the previous server and answers with the history of the next one', async () => {
    const [first, second] = [new FakeApiServer(), new FakeApiServer()]
    const endpoint = new FakeEndpoint(first)
    const { fetch } = endpoint
    first.create(ConfigMap, configMap('old'))
    for (const name of ['a', 'b', 'c']) second.create(ConfigMap, configMap(name))
    const from = first.resourceVersion
    const watch = readAll(await fetch(url(`/api/v1/configmaps?watch=1&resourceVersion=${from}`)))
    endpoint.switchTo(second)
    await watch.done
    expect(watch.error).toBeInstanceOf(TypeError)
    expect(endpoint.server).toBe(second)
    // The version lies in the window of the second history too, so the watch is accepted and skips the earlier events.
    const resumed = await fetch(url(`/api/v1/configmaps?watch=1&resourceVersion=${from}`))
    const reader = resumed.body?.getReader()
    const text = new TextDecoder().decode((await reader?.read())?.value)
    expect(text).toContain('"c"')
    expect(text).not.toContain('"a"')
    await reader?.cancel()
  })
})
