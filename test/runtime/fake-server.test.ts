import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, inject, it } from 'vitest'
import { runtimeCommands, start, stopCommands } from './command.ts'

// The built fake server on a port of each runtime, in the one way its documentation gives.

afterEach(stopCommands)

const program = `import { FakeApiServer, nodeListener, podFixture } from 'kubeflect/testing'
const server = new FakeApiServer()
server.load([podFixture(1)])
const say = (port) => console.log('http://127.0.0.1:' + port)
if (globalThis.Deno) Deno.serve({ port: 0, hostname: '127.0.0.1', onListen: ({ port }) => say(port) }, server.fetch)
else if (globalThis.Bun) say(Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: server.fetch, idleTimeout: 0 }).port)
else {
  const { createServer } = await import('node:http')
  const http = createServer(nodeListener(server.fetch)).listen(0, '127.0.0.1', () => say(http.address().port))
}
`

describe('the built fake server', () => {
  it.each(runtimeCommands)('lists, creates and watches over a port of %s', async (name, binary, args) => {
    const file = `fake-server-${name}.js`
    writeFileSync(join(inject('runtimeProject'), file), program)
    const { url } = await start(binary, [...args, file])
    const { items, metadata } = (await (await fetch(`${url}/api/v1/pods`)).json()) as {
      items: unknown[]
      metadata: { resourceVersion: string }
    }
    expect(items).toHaveLength(1)
    // Bun sends the headers of an answer with the first bytes of its body: the watch is answered when something happens.
    const watching = fetch(`${url}/api/v1/configmaps?watch=1&resourceVersion=${metadata.resourceVersion}`)
    const created = await fetch(`${url}/api/v1/namespaces/default/configmaps`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ metadata: { name: 'a' } }),
    })
    expect(created.status).toBe(201)
    const reader = (await watching).body?.getReader()
    expect(new TextDecoder().decode((await reader?.read())?.value)).toContain('"ADDED"')
    await reader?.cancel()
  })

  it('is a command that prints its URL, refuses other sites and stops on SIGTERM', async () => {
    const { url, child } = await start(process.execPath, [
      'node_modules/kubeflect/dist/cli.js',
      'fake-server',
      '--port',
      '0',
      '--pods',
      '2',
    ])
    expect(((await (await fetch(`${url}/api/v1/pods`)).json()) as { items: unknown[] }).items).toHaveLength(2)
    expect((await fetch(`${url}/api/v1/pods`, { headers: { origin: 'http://evil.example' } })).status).toBe(403)
    await expect(
      start(process.execPath, ['node_modules/kubeflect/dist/cli.js', 'fake-server', '--port', new URL(url).port]),
    ).rejects.toThrow(/ended with 1: kubeflect: another program listens on port \d+: choose another one with --port/)
    const ended = new Promise((resolve) => child.once('exit', (code) => resolve(code)))
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
  })
})
