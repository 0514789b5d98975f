// Tests of the example restart-on-config-change, for the fake server and a real one.

import { expect, test, vi } from 'vitest'
import { KubeClient } from '../../src/http/client'
import { Deployment } from '../../src/resources/apps/v1'
import { Lease } from '../../src/resources/coordination.k8s.io/v1'
import { ConfigMap, Secret } from '../../src/resources/core/v1'
import { Event } from '../../src/resources/events.k8s.io/v1'
import { serve } from '../support/http'
import { runExample } from './run'

const ANNOTATION = 'example.com/restart-on-config-change'

/** An API server that the example is run against. */
export interface RestartingTarget {
  /** The base URL of the server, without a trailing slash. */
  readonly baseUrl: string
  fetch(request: Request): Promise<Response>
}

/** Serves a target, and withholds the response of one write: the write is carried out, but the example does not learn so. */
async function withholding(target: RestartingTarget, afterWrites: number) {
  let [left, withheld] = [afterWrites, 0]
  const server = await serve(async (request) => {
    const { pathname, search } = new URL(request.url)
    const headers = new Headers(request.headers)
    for (const name of ['host', 'connection', 'content-length']) headers.delete(name)
    const body = request.method === 'GET' ? null : await request.text()
    const response = await target.fetch(
      new Request(target.baseUrl + pathname + search, { method: request.method, headers, body, signal: request.signal }),
    )
    if (request.method === 'GET' || left-- > 0) return response
    await response.body?.cancel()
    withheld++
    return new Promise((_, reject) => request.signal.addEventListener('abort', () => reject(request.signal.reason)))
  })
  return { url: server.url, withheld: () => withheld, [Symbol.asyncDispose]: () => server.close() }
}

/** Tests the example against an API server. Each run starts a process that compiles the sources while loading them. */
export function restarting(target: () => RestartingTarget): void {
  const clientOf = ({ baseUrl, fetch }: RestartingTarget) => new KubeClient({ baseUrl, fetch })
  const at = { namespace: 'default' }

  async function create(client: KubeClient, id: string): Promise<void> {
    await client.create(ConfigMap, { metadata: { name: `${id}-colors`, ...at }, data: { color: 'red' } })
    await client.create(Secret, { metadata: { name: `${id}-key`, ...at }, data: { key: btoa('1') } })
    for (const name of [`${id}-a`, `${id}-b`])
      await client.create(Deployment, {
        metadata: { name, ...at, labels: { 'restart-on-config-change': 'true' } },
        spec: {
          replicas: 0,
          selector: { matchLabels: { app: name } },
          template: {
            metadata: { labels: { app: name } },
            spec: {
              containers: [{ name: 'web', image: 'web', envFrom: [{ configMapRef: { name: `${id}-colors` } }] }],
              volumes: name.endsWith('b') ? [{ name: 'key', secret: { secretName: `${id}-key` } }] : [],
            },
          },
        },
      })
  }
  async function remove(client: KubeClient, id: string): Promise<void> {
    for (const name of [`${id}-a`, `${id}-b`]) await client.delete(Deployment, name, at)
    await client.delete(ConfigMap, `${id}-colors`, at)
    await client.delete(Secret, `${id}-key`, at)
  }
  const hashOf = async (client: KubeClient, name: string) =>
    (await client.get(Deployment, name, at)).spec?.template.metadata?.annotations?.[ANNOTATION]

  test('restart-on-config-change restarts the users of a changed ConfigMap or Secret once, records an Event, and releases its lease', async () => {
    const client = clientOf(target())
    await create(client, 'once')
    await using proxy = await withholding(target(), Number.POSITIVE_INFINITY)
    await using example = runExample('restart-on-config-change', '--server', proxy.url, '--identity', 'one')
    expect([await example.line(), await example.line()].sort()).toEqual(['annotated default/once-a', 'annotated default/once-b'])
    const [a, b] = [await hashOf(client, 'once-a'), await hashOf(client, 'once-b')]

    await client.patch(Secret, 'once-key', { merge: { data: { key: btoa('2') } } }, at)
    expect(await example.line()).toBe('restarted default/once-b')
    expect(await hashOf(client, 'once-a')).toBe(a)
    expect(await hashOf(client, 'once-b')).not.toBe(b)
    await client.patch(ConfigMap, 'once-colors', { merge: { metadata: { labels: { unrelated: 'yes' } } } }, at)
    await client.patch(ConfigMap, 'once-colors', { merge: { data: { color: 'green' } } }, at)
    expect([await example.line(), await example.line()].sort()).toEqual(['restarted default/once-a', 'restarted default/once-b'])

    example.interrupt()
    expect(await example.ended).toEqual({ code: 0, stderr: '' })
    const { items } = await client.list(Event, at)
    const events = items.filter(({ reason, regarding }) => reason === 'ConfigChanged' && regarding?.name === 'once-b')
    expect(events.map(({ action, series }) => `${action} ${series?.count ?? 1}`).sort()).toEqual(['Annotate 1', 'Restart 2'])
    expect((await client.get(Lease, 'restart-on-config-change', at)).spec?.holderIdentity).toBe('')
    await remove(client, 'once')
  })

  test('restart-on-config-change reaches the same end when it is killed at any of its writes and started again', async () => {
    const client = clientOf(target())
    const ends = new Set<string>()
    // The writes of a run: the lease, two Deployments and two Events.
    for (let step = 0; step <= 4; step++) {
      const id = `step-${step}`
      await create(client, id)
      {
        await using proxy = await withholding(target(), step)
        await using first = runExample('restart-on-config-change', '--server', proxy.url, '--identity', 'one')
        await vi.waitUntil(() => proxy.withheld() > 0, { timeout: 30_000 })
        await first[Symbol.asyncDispose]()
      }
      await client.patch(ConfigMap, `${id}-colors`, { merge: { data: { color: 'blue' } } }, at)
      await using proxy = await withholding(target(), Number.POSITIVE_INFINITY)
      await using second = runExample('restart-on-config-change', '--server', proxy.url, '--identity', 'one')
      const changed = new Set<string | undefined>()
      while (changed.size < 2) changed.add((await second.line())?.split(' ')[1])
      expect([...changed].sort()).toEqual([`default/${id}-a`, `default/${id}-b`])
      second.interrupt()
      expect(await second.ended).toEqual({ code: 0, stderr: '' })
      const found = await client.get(Deployment, `${id}-a`, at)
      const owned = found.metadata.managedFields?.filter(({ manager }) => manager === 'restart-on-config-change')
      expect(owned).toHaveLength(1)
      ends.add(JSON.stringify([Object.keys(found.spec?.template.metadata?.annotations ?? {}), found.spec?.selector]).replaceAll(id, 'id'))
      await remove(client, id)
    }
    expect(ends.size).toBe(1)
  })
}
