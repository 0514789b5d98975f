import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ConfigMap } from '../../src/resources/core/v1'
import { FakeApiServer } from '../../src/testing'
import { serve } from '../support/http'
import { runtimeCommands, start, stopCommands } from './command.ts'

afterEach(stopCommands)

const CLI = 'node_modules/kubeflect/dist/cli.js'
const PATH = '/api/v1/configmaps'

/** Writes a kubeconfig for a server that is reached without a credential. Returns its path. */
function kubeconfigOf(server: string): { path: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'kubeflect-relay-command-'))
  const path = join(folder, 'config')
  const contexts = [{ name: 'it', context: { cluster: 'it', user: 'it' } }]
  const clusters = [{ name: 'it', cluster: { server } }]
  const config = { apiVersion: 'v1', kind: 'Config', 'current-context': 'it', clusters, contexts, users: [{ name: 'it', user: {} }] }
  writeFileSync(path, JSON.stringify(config))
  return { path, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) }
}

/** Opens a watch. Resolves at the first event. */
const firstEvent = (url: string) =>
  new Promise<string>((resolve, reject) => {
    request(url, { agent: false }, (response) => {
      response.setEncoding('utf8').once('data', (text: string) => {
        resolve(text)
        response.destroy()
      })
    })
      .once('error', reject)
      .end()
  })

describe('the built command kubeflect relay', () => {
  it.each(
    runtimeCommands.flatMap(([name, binary, args]) =>
      (['--server', '--kubeconfig'] as const).map((option) => ({ name, binary, args, option })),
    ),
  )(
    'serves lists and watches from one watch of the server in $name with $option, has metrics, and stops on SIGTERM',
    async ({ binary, args, option }) => {
      const api = new FakeApiServer()
      api.create(ConfigMap, { metadata: { name: 'a', namespace: 'shop' } })
      const upstream = await serve(api.fetch)
      using kubeconfig = kubeconfigOf(upstream.url)
      try {
        const target = option === '--server' ? upstream.url : kubeconfig.path
        const { url, child } = await start(binary, [
          ...args,
          CLI,
          'relay',
          '--resource=cm',
          '--listen=127.0.0.1:0',
          '--authorize=none',
          option,
          target,
        ])
        const watches = () => api.openRequests.filter(({ verb, resource }) => verb === 'watch' && resource === 'configmaps')
        await vi.waitFor(() => expect(watches()).toHaveLength(1), 10_000)
        const list = (await (await fetch(`${url}${PATH}`)).json()) as { items: unknown[]; metadata: { resourceVersion: string } }
        expect(list.items).toMatchObject([{ metadata: { name: 'a' } }])
        const events = [1, 2].map(() => firstEvent(`${url}${PATH}?watch=1&resourceVersion=${list.metadata.resourceVersion}`))
        const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ metadata: { name: 'b' } }) }
        expect((await fetch(`${url}/api/v1/namespaces/shop/configmaps`, init)).status).toBe(201)
        for (const event of events) expect(JSON.parse(await event)).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'b' } } })
        expect(watches()).toHaveLength(1)
        const metrics = await (await fetch(`${url}/metrics`)).text()
        expect(metrics).toContain('kubeflect_relay_objects{resource="configmaps"} 2')
        expect(metrics).toContain('kubeflect_relay_passed_total{reason="method",code="201"} 1')
        expect((await fetch(`${url}${PATH}`, { headers: { origin: 'https://elsewhere.test' } })).status).toBe(403)
        const ended = new Promise((resolve) => child.once('exit', (code) => resolve(code)))
        child.kill('SIGTERM')
        expect(await ended).toBe(0)
        await vi.waitFor(() => expect(watches()).toHaveLength(0), 10_000)
      } finally {
        await upstream.close()
      }
    },
    60_000,
  )
})
