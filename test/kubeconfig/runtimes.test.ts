import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deferred } from '../http/server'
import { startEcho } from './echo'
import { bundleScript, type RunIn } from './runtimes'
import { startProxy, startRecordingServer } from './tls-server'

describe('a kubeconfig', () => {
  const directory = mkdtempSync(join(tmpdir(), 'kubeflect-kubeconfig-'))
  let runIn: RunIn
  beforeAll(async () => {
    runIn = await bundleScript('requests')
  }, 60_000)
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  // A runtime refuses an unsupported setting with an error that names the alternative.
  const inDeno = (file: string) => ({
    insecure: `context "insecure": its cluster (${file}): insecure-skip-tls-verify is not supported in Deno; give the cluster its certificate-authority`,
    named: `context "named": its cluster (${file}): tls-server-name is not supported in Deno; use a server URL with the certificate's own name`,
  })
  test.each(['node', 'deno', 'bun'] as const)('a kubeconfig has the same effect in %s', { timeout: 60_000 }, async (runtime) => {
    const gone = deferred()
    await using server = await startRecordingServer(({ path }, response) => {
      if (path === '/open') response.on('close', () => gone.resolve()).write('first')
      else if (path === '/gone') gone.promise.then(() => response.end('gone'))
      else response.end('ok')
    })
    await using proxy = await startProxy()
    const { cert: serverCert, key: serverKey } = server.authority.server('127.0.0.1')
    await using echo = await startEcho(createServer({ cert: serverCert, key: serverKey }) as unknown as Server)
    const { cert, key } = server.authority.client('ann')
    const plugin = { apiVersion: 'client.authentication.k8s.io/v1', command: './no-such-plugin', interactiveMode: 'Never' }
    const secure = { server: server.url, 'certificate-authority-data': btoa(server.authority.cert) }
    const contexts: Record<string, { cluster: object; user: object }> = {
      token: { cluster: secure, user: { token: 't' } },
      certificate: { cluster: secure, user: { 'client-certificate-data': btoa(cert), 'client-key-data': btoa(key) } },
      proxied: { cluster: { ...secure, 'proxy-url': proxy.url.replace('//', '//me:p%40ss@') }, user: { token: 't' } },
      stream: { cluster: { ...secure, server: `https://${echo.url}`, 'proxy-url': proxy.url }, user: { token: 't' } },
      aborted: { cluster: secure, user: {} },
      untrusted: { cluster: { server: server.url }, user: {} },
      insecure: { cluster: { server: server.url, 'insecure-skip-tls-verify': true }, user: {} },
      named: { cluster: { ...secure, 'tls-server-name': 'kube.test' }, user: {} },
      plugin: { cluster: secure, user: { exec: plugin } },
      file: { cluster: secure, user: { tokenFile: 'no-such-file' } },
    }
    const names = Object.keys(contexts)
    const path = join(directory, runtime)
    const document = {
      clusters: names.map((name) => ({ name, cluster: contexts[name]?.cluster })),
      users: names.map((name) => ({ name, user: contexts[name]?.user })),
      contexts: names.map((name) => ({ name, context: { cluster: name, user: name } })),
    }
    writeFileSync(path, JSON.stringify(document))
    expect(await runIn(runtime, path, names.join(','))).toEqual({
      token: 200,
      certificate: 200,
      proxied: 200,
      stream: ['hello', 'again'],
      aborted: 'ended, gone',
      untrusted: expect.stringMatching(/no answer \(.*certificate/i),
      ...(runtime === 'deno' ? inDeno(path) : { insecure: 200, named: 200 }),
      plugin: expect.stringContaining(`the exec plugin "${directory}/no-such-plugin" is not installed, or not on the PATH`),
      file: expect.stringContaining(`${directory}/no-such-file cannot be read (ENOENT)`),
    })
    const posts = server.seen.filter(({ method }) => method === 'POST')
    expect(posts.map(({ body }) => body)).toEqual(posts.map(() => '{"ä":1}'))
    expect(posts.map(({ headers, client }) => client ?? headers.authorization)).toEqual([
      'Bearer t',
      'ann',
      'Bearer t',
      ...(runtime === 'deno' ? [] : [undefined, undefined]),
    ])
    if (runtime !== 'deno') expect(posts.at(-1)?.serverName).toBe('kube.test')
    expect(proxy.tunnels).toEqual([
      { to: new URL(server.url).host, as: `Basic ${btoa('me:p@ss')}` },
      { to: echo.url, as: undefined },
    ])
    expect(echo.seen).toEqual([expect.stringContaining('Bearer t')])
  })
})
