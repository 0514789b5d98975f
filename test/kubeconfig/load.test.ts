import { describe, expect, test } from 'vitest'
import { KubeClient } from '../../src/http/client'
import { inClusterConfig, loadKubeconfig } from '../../src/kubeconfig/load'
import { exec } from '../../src/streams/exec'
import { fakeConnection, fakeHost, oneContext } from './support'

const file = (server: string, rest: object = {}) => JSON.stringify({ ...oneContext({ server }), ...rest })
const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'
const pod = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' }
const account = { [`${ACCOUNT}/token`]: 'tok', [`${ACCOUNT}/ca.crt`]: 'PEM', [`${ACCOUNT}/namespace`]: 'shop\n' }

const load = async (host: ReturnType<typeof fakeHost>, options: Parameters<typeof loadKubeconfig>[0] = {}) => {
  await using connection = await loadKubeconfig(options, host)
  const { baseUrl, namespace, context } = connection
  return { server: baseUrl, namespace, context }
}

describe('loadKubeconfig', () => {
  const files = { '/x': file('https://x'), '/y': file('https://y'), '/z': file('https://z'), '/~/.kube/config': file('https://home') }

  test('loadKubeconfig reads the given path', async () => {
    expect(await load(fakeHost(files, { KUBECONFIG: '/y', HOME: '/~' }), { path: '/x' })).toMatchObject({ server: 'https://x/' })
  })

  test('loadKubeconfig reads the files in KUBECONFIG, the first with precedence, and skips missing ones', async () => {
    expect(await load(fakeHost(files, { KUBECONFIG: '/none::/y:/x:/y', HOME: '/~' }))).toMatchObject({
      server: 'https://y/',
      context: 'dev',
    })
  })

  test('loadKubeconfig reads ~/.kube/config', async () => {
    expect(await load(fakeHost(files, { HOME: '/~' }))).toMatchObject({ server: 'https://home/' })
  })

  test('loadKubeconfig uses the given context with its namespace', async () => {
    const contexts = [{ name: 'prod', context: { cluster: 'east', user: 'ann', namespace: 'shop' } }]
    const host = fakeHost({ '/x': file('https://x', { contexts }) }, { KUBECONFIG: '/x' })
    expect(await load(host, { context: 'prod' })).toEqual({ server: 'https://x/', context: 'prod', namespace: 'shop' })
  })

  test('loadKubeconfig connects a pod without a kubeconfig with its service account', async () => {
    expect(await load(fakeHost(account, pod))).toEqual({ server: 'https://10.0.0.1:443', context: undefined, namespace: 'shop' })
    expect(await load(fakeHost({ ...account, ...files }, { ...pod, HOME: '/~' }))).toMatchObject({ server: 'https://home/' })
  })

  test.each<[string, Record<string, string>, Record<string, string>, string]>([
    ['that does not exist', {}, { HOME: '/~' }, 'there is no kubeconfig, and this is not a pod; looked in /~/.kube/config'],
    ['that could be anywhere', {}, {}, 'neither KUBECONFIG nor HOME is set'],
    [
      'without a current context',
      { '/x': file('https://x', { 'current-context': '' }) },
      { KUBECONFIG: '/x' },
      '/x: current-context is not set',
    ],
    ['with a context that is not there', { '/x': file('https://x', { 'current-context': 'b' }) }, { KUBECONFIG: '/x' }, 'no context "b"'],
    ['that is not valid', { '/x': '{"users": 1}' }, { KUBECONFIG: '/x' }, '/x: users must be a list'],
    [
      'with a SOCKS proxy',
      { '/x': file('https://x') },
      { KUBECONFIG: '/x', HTTPS_PROXY: 'socks5://me:secret@p' },
      "the environment: the proxy's URL must begin with",
    ],
  ])('loadKubeconfig reports a kubeconfig %s', async (_, files, env, message) => {
    const error = await load(fakeHost(files, env)).catch((error) => error)
    expect(error).toMatchObject({ name: 'KubeconfigError', message: expect.stringContaining(message) })
    expect(error.message).not.toContain('secret')
  })

  test('loadKubeconfig reads nothing else when the given path does not exist', async () => {
    await expect(load(fakeHost(files, { KUBECONFIG: '/y' }), { path: '/none' })).rejects.toThrow('/none does not exist')
  })

  test('loadKubeconfig names a file that cannot be read', async () => {
    const host = fakeHost({}, { KUBECONFIG: '/x' })
    host.readFile = async () => {
      throw Object.assign(new Error(), { code: 'EACCES' })
    }
    await expect(load(host)).rejects.toThrow('/x cannot be read (EACCES)')
  })
})

describe('inClusterConfig', () => {
  test.each([
    [{ POD_NAMESPACE: 'mine' }, account, 'mine'],
    [{}, account, 'shop'],
    [{}, { ...account, [`${ACCOUNT}/namespace`]: '' }, 'default'],
  ])('inClusterConfig uses the namespace of the pod: %j', async (env, files, namespace) => {
    await using connection = await inClusterConfig({}, fakeHost(files, { ...pod, ...env }))
    expect(connection.namespace).toBe(namespace)
  })

  test('inClusterConfig supports IPv6', async () => {
    await using connection = await inClusterConfig({}, fakeHost(account, { ...pod, KUBERNETES_SERVICE_HOST: 'fd00::1' }))
    expect(connection.baseUrl).toBe('https://[fd00::1]:443')
  })

  test('inClusterConfig is an error outside a pod, and in one without a service account', async () => {
    await expect(inClusterConfig({}, fakeHost())).rejects.toThrow('this is not a pod: KUBERNETES_SERVICE_HOST')
    await expect(inClusterConfig({}, fakeHost({}, pod))).rejects.toThrow(
      `service account: mounted file: ${ACCOUNT}/ca.crt cannot be read (ENOENT)`,
    )
  })
})

describe('a connection', () => {
  const headersOf = async (document: object, host = fakeHost()) => {
    const { connection, requests } = await fakeConnection(document, host)
    await new KubeClient(connection).request({ path: 'api' })
    return Object.fromEntries(requests[0]?.headers ?? [])
  }

  test('a connection reads authority, certificate and key relative to their kubeconfig', async () => {
    const host = fakeHost({ '/a/ca.pem': 'CA', '/a/pki/c.pem': 'C', '/keys/k.pem': 'K' })
    const user = { 'client-certificate': 'pki/c.pem', 'client-key': '/keys/k.pem' }
    const { connected, send } = await fakeConnection(
      oneContext({ 'certificate-authority': 'ca.pem', 'tls-server-name': 'kube' }, user),
      host,
    )
    await send()
    expect(connected).toMatchObject([{ ca: 'CA', certificate: { cert: 'C', key: 'K' }, serverName: 'kube', verify: true }])
  })

  test('a connection uses inline authority, certificate and key', async () => {
    const user = { 'client-certificate-data': btoa('C'), 'client-key-data': btoa('K') }
    const { connected, send } = await fakeConnection(oneContext({ 'certificate-authority-data': btoa('CA') }, user), fakeHost())
    await send()
    expect(connected).toMatchObject([{ ca: 'CA', certificate: { cert: 'C', key: 'K' } }])
  })

  test.each<[string, object, object, string]>([
    [
      'an authority',
      { 'certificate-authority': 'ca' },
      {},
      'context "dev": its cluster (/a/config): certificate-authority: /a/ca cannot be read (ENOENT)',
    ],
    ['an inline authority', { 'certificate-authority-data': '!' }, {}, '/a/config: certificate-authority-data is not base64'],
    [
      'an inline key',
      {},
      { 'client-certificate-data': '', 'client-key-data': '!', 'client-certificate': 'c' },
      'its user (/a/config): client-key-data is not base64',
    ],
    ['a token file', {}, { tokenFile: 't' }, 'context "dev": its user (/a/config): tokenFile: /a/t cannot be read (ENOENT)'],
    [
      'a SOCKS proxy',
      { 'proxy-url': 'socks5://me:pass@p' },
      {},
      'context "dev": its cluster (/a/config): the proxy\'s URL must begin with http:// or https://',
    ],
  ])('a connection is refused with %s that cannot be used', async (_, cluster, user, message) => {
    const sent = fakeConnection(oneContext(cluster, user), fakeHost()).then(({ send }) => send())
    await expect(sent).rejects.toThrow(message)
    await expect(sent).rejects.not.toThrow('pass')
  })

  test('a connection uses the proxy of its cluster, or else the proxy of the environment', async () => {
    const host = fakeHost({}, { HTTPS_PROXY: 'http://env.test:1' })
    for (const [cluster, proxy] of [
      [{ 'proxy-url': 'http://own.test:1' }, 'http://own.test:1'],
      [{}, 'http://env.test:1'],
    ] as const) {
      const { connected, send } = await fakeConnection(oneContext(cluster), host)
      await send()
      expect(connected).toMatchObject([{ proxy }])
    }
  })

  test.each<[string, object, object, object]>([
    ['a token', {}, { token: 't' }, { authorization: 'Bearer t' }],
    ['a name and a password', {}, { username: 'änn', password: 'p:w' }, { authorization: 'Basic w6RubjpwOnc=' }],
    [
      'whom to act as',
      {},
      { as: 'bob', 'as-uid': '7', 'as-groups': ['g'] },
      { 'impersonate-user': 'bob', 'impersonate-uid': '7', 'impersonate-group': 'g' },
    ],
    [
      'more of whom to act as',
      {},
      { as: 'bob', 'as-user-extra': { 'a.b/c': ['1'], 'd%(': ['2'] } },
      { 'impersonate-extra-a.b%2fc': '1', 'impersonate-extra-d%25%28': '2' },
    ],
    ['no compression', { 'disable-compression': true }, {}, { 'accept-encoding': 'identity' }],
  ])('a connection sends %s', async (_, cluster, user, headers) => {
    expect(await headersOf(oneContext(cluster, user))).toMatchObject(headers)
  })

  test('a connection over plain HTTP sends no credential, but does impersonate', async () => {
    const headers = await headersOf(oneContext({ server: 'http://a.test' }, { token: 't', as: 'bob' }))
    expect(headers).toMatchObject({ 'impersonate-user': 'bob' })
    expect(headers).not.toHaveProperty('authorization')
    expect(await headersOf(oneContext({ server: 'http://a.test' }, { username: 'u' }))).not.toHaveProperty('authorization')
  })

  test('a connection keeps the path of its server', async () => {
    const { connection, requests } = await fakeConnection(oneContext({ server: 'https://a.test/k8s/c1/' }), fakeHost())
    await new KubeClient(connection).request({ path: 'api' })
    expect(requests[0]?.url).toBe('https://a.test/k8s/c1/api')
  })

  test('a connection opens WebSockets with the token and the certificate, and reads both again after a 401', async () => {
    const host = fakeHost({ '/a/t': 'one', '/a/c.pem': 'C', '/a/k.pem': 'K' })
    const user = { tokenFile: 't', 'client-certificate': 'c.pem', 'client-key': 'k.pem' }
    const { connection, connected, handshakes } = await fakeConnection(oneContext({}, user), host, () => {
      host.files.set('/a/t', 'two')
      return new Response(null, { status: 401 })
    })
    const refused = exec(new KubeClient(connection), { namespace: 'shop', name: 'web', command: ['ls'] })
    await expect(refused).rejects.toMatchObject({ status: 401 })
    expect(handshakes.map(({ headers }) => headers.get('authorization'))).toEqual(['Bearer one', 'Bearer two'])
    expect(connected[0]).toMatchObject({ certificate: { cert: 'C', key: 'K' } })
  })

  test('disposing of a connection ends open requests', async () => {
    const fake = await fakeConnection(oneContext(), fakeHost(), (_, signal) => {
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    })
    const open = fake.send()
    await Promise.all([
      expect(open).rejects.toMatchObject({ name: 'AbortError' }),
      Promise.resolve().then(() => fake.connection[Symbol.asyncDispose]()),
    ])
    expect(fake.closed()).toBe(fake.connected.length)
  })
})
