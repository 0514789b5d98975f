import { describe, expect, test } from 'vitest'
import { KubeClient } from '../../src/http/client'
import { deferred, status } from '../http/server'
import { fakeConnection, fakeHost, missing, oneContext } from './support'

const V1 = 'client.authentication.k8s.io/v1'
const V1BETA1 = 'client.authentication.k8s.io/v1beta1'
const user = (exec: object = {}) => ({ exec: { command: 'get-token', apiVersion: V1, interactiveMode: 'Never', ...exec } })
const wrote = (status: object, apiVersion = V1) => ({ code: 0, stdout: JSON.stringify({ kind: 'ExecCredential', apiVersion, status }) })

/** Creates a connection whose plugin prints `token-1`, `token-2` and so on. */
async function withPlugin(exec: object = {}, expiresInMs?: number) {
  const host = fakeHost({}, { PATH: '/bin' })
  const fake = await fakeConnection(oneContext({}, user(exec)), host)
  host.answer = () =>
    wrote({
      token: `token-${host.runs.length}`,
      ...(expiresInMs && { expirationTimestamp: new Date(fake.clock.now() + expiresInMs).toISOString() }),
    })
  return { host, ...fake, tokens: () => fake.requests.map(({ headers }) => headers.get('authorization')) }
}

describe('an exec plugin', () => {
  test('an exec plugin runs once for all requests that need its token', async () => {
    const { host, send, tokens } = await withPlugin()
    expect(host.runs).toHaveLength(0)
    await Promise.all([send(), send()])
    await send()
    expect(host.runs).toHaveLength(1)
    expect(tokens()).toEqual(['Bearer token-1', 'Bearer token-1', 'Bearer token-1'])
  })

  test('an exec plugin runs again when its token has expired', async () => {
    const { clock, host, send, tokens } = await withPlugin({}, 60_000)
    await send()
    await clock.advance(60_000)
    await send()
    await clock.advance(1_000)
    await send()
    expect(tokens()).toEqual(['Bearer token-1', 'Bearer token-1', 'Bearer token-2'])
    expect(host.runs).toHaveLength(2)
  })

  test('an exec plugin runs again when the server refuses its token, and the request is sent once more', async () => {
    const host = fakeHost()
    host.answer = () => wrote({ token: `token-${host.runs.length}` })
    const { connection, requests } = await fakeConnection(oneContext({}, user()), host, (request) =>
      request.headers.get('authorization') === 'Bearer token-1' ? status(401, 'Unauthorized') : new Response('{}'),
    )
    const client = new KubeClient(connection)
    expect((await client.request({ path: 'api' })).status).toBe(200)
    expect((await new KubeClient(connection).request({ path: 'api' })).status).toBe(200)
    expect(requests).toHaveLength(3)
    expect(host.runs).toHaveLength(2)
  })

  test('an exec plugin gets its arguments, the variables of the process and of its entry, and the API version', async () => {
    const { host, send } = await withPlugin({
      args: ['--cluster', 'east'],
      env: [
        { name: 'REGION', value: 'eu' },
        { name: 'PATH', value: '/x' },
      ],
    })
    await send()
    const [run] = host.runs
    expect(run).toMatchObject({ command: 'get-token', args: ['--cluster', 'east'], stdin: 'ignore', env: { REGION: 'eu', PATH: '/x' } })
    expect(JSON.parse(run?.env.KUBERNETES_EXEC_INFO ?? '')).toEqual({
      kind: 'ExecCredential',
      apiVersion: V1,
      spec: { interactive: false },
    })
  })

  test('an exec plugin gets the cluster information on request', async () => {
    const host = fakeHost({ '/a/ca.pem': 'PEM' })
    host.answer = () => wrote({ token: 't' }, V1BETA1)
    const cluster = {
      'certificate-authority': 'ca.pem',
      'tls-server-name': 'kube',
      'proxy-url': 'http://proxy.test:3128',
      'disable-compression': true,
      extensions: [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'x' } }],
    }
    const exec = user({ apiVersion: V1BETA1, interactiveMode: undefined, provideClusterInfo: true })
    await (await fakeConnection(oneContext(cluster, exec), host)).send()
    expect(JSON.parse(host.runs[0]?.env.KUBERNETES_EXEC_INFO ?? '').spec.cluster).toEqual({
      server: 'https://east.test:6443',
      'certificate-authority-data': btoa('PEM'),
      'tls-server-name': 'kube',
      'proxy-url': 'http://proxy.test:3128',
      'disable-compression': true,
      config: { audience: 'x' },
    })
  })

  test('an exec plugin with a path as its command is resolved relative to its kubeconfig', async () => {
    const { host, send } = await withPlugin({ command: './bin/get-token' })
    await send()
    expect(host.runs[0]?.command).toBe('/a/bin/get-token')
  })

  test.each([
    ['Never', true, 'ignore'],
    ['IfAvailable', true, 'inherit'],
    ['IfAvailable', false, 'ignore'],
    ['Always', true, 'inherit'],
  ])(
    'an exec plugin with interactiveMode %s, and a terminal: %s, has a standard input to %s',
    async (interactiveMode, stdinIsTerminal, stdin) => {
      const { host, send } = await withPlugin({ interactiveMode })
      host.stdinIsTerminal = stdinIsTerminal
      await send()
      expect(host.runs[0]?.stdin).toBe(stdin)
      expect(JSON.parse(host.runs[0]?.env.KUBERNETES_EXEC_INFO ?? '').spec.interactive).toBe(stdin === 'inherit')
    },
  )

  test('an exec plugin that needs to prompt does not run without a terminal', async () => {
    const { host, send } = await withPlugin({ interactiveMode: 'Always' })
    await expect(send()).rejects.toThrow(
      'context "dev": its user (/a/config): the exec plugin "get-token" needs a terminal to prompt (interactiveMode: Always), but standard input is not one',
    )
    expect(host.runs).toHaveLength(0)
  })

  test('an exec plugin does not run for a user with a token or a certificate', async () => {
    for (const given of [{ token: 'given' }, { 'client-certificate-data': btoa('C'), 'client-key-data': btoa('K') }]) {
      const host = fakeHost()
      await (await fakeConnection(oneContext({}, { ...user(), ...given }), host)).send()
      expect(host.runs).toHaveLength(0)
    }
  })

  test('an exec plugin can return a certificate; a new one opens new connections, and the old ones are closed', async () => {
    const host = fakeHost()
    const fake = await fakeConnection(oneContext({}, user()), host)
    host.answer = () =>
      wrote({
        clientCertificateData: `cert-${host.runs.length}`,
        clientKeyData: 'key',
        expirationTimestamp: new Date(fake.clock.now() + 60_000).toISOString(),
      })
    await fake.send()
    await fake.send()
    expect(fake.connected).toMatchObject([{ certificate: { cert: 'cert-1', key: 'key' } }])
    await fake.clock.advance(61_000)
    await fake.send()
    expect(fake.connected.slice(1)).toMatchObject([{ certificate: { cert: 'cert-2', key: 'key' } }])
    expect(fake.closed()).toBe(1)
  })

  test.each<[string, object, string]>([
    ['fails', { code: 3, stdout: 'secret' }, 'failed with exit code 3'],
    ['is killed', { code: null, stdout: 'secret' }, 'was killed'],
    ['writes no JSON', { code: 0, stdout: '{"token": "secret' }, 'did not write an ExecCredential'],
    [
      'writes something else',
      { code: 0, stdout: '{"kind":"secret"}' },
      `did not write an ExecCredential of ${V1} to standard output: kind`,
    ],
    ['writes another version', wrote({ token: 'secret' }, V1BETA1), 'apiVersion is invalid'],
    ['writes no string', wrote({ token: { secret: 1 } }), 'status.token is invalid'],
    ['writes nothing of use', wrote({}), 'returned neither a token nor a certificate'],
    ['writes half a pair', wrote({ clientKeyData: 'secret' }), 'returned a certificate without a key, or a key without a certificate'],
    ['writes no time', wrote({ token: 'secret', expirationTimestamp: 'secret' }), 'returned an expirationTimestamp that is not a time'],
  ])('an exec plugin that %s is reported without its output', async (_, answer, message) => {
    const { host, send } = await withPlugin()
    host.answer = () => answer as { code: number; stdout: string }
    const error = await send().catch((error) => error)
    expect(error.message).toContain('context "dev": its user (/a/config): the exec plugin "get-token" ')
    expect(error.message).toContain(message)
    expect(`${error.stack} ${JSON.stringify(error)} ${error.cause}`).not.toContain('secret')
  })

  test('an exec plugin that is not installed is reported with its hint, without terminal control characters', async () => {
    const { host, send } = await withPlugin({ installHint: 'brew install\n\tget-token\u001b[2J\u0007' })
    host.answer = () => {
      throw missing()
    }
    await expect(send()).rejects.toThrow(/"get-token" is not installed, or not on the PATH:\nbrew install\n\tget-token\[2J$/)
  })

  test('the wait for an exec plugin ends with its request and with the connection', async () => {
    const { host, connection, send } = await withPlugin()
    const started = deferred()
    host.answer = ({ signal }) => {
      started.resolve()
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    }
    const hasty = new AbortController()
    const [aborted, waiting] = [send(hasty.signal), send()]
    waiting.catch(() => undefined)
    await started.promise
    hasty.abort(new Error('enough'))
    await expect(aborted).rejects.toThrow('enough')
    await connection[Symbol.asyncDispose]()
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
    await expect(send()).rejects.toMatchObject({ name: 'AbortError' })
    expect(host.runs).toHaveLength(1)
  })
})
