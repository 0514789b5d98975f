import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { KubeClient } from '../../src/http/client'
import { checkKubeconfig } from '../../src/kubeconfig/documents'
import { textOf } from '../../src/kubeconfig/files'
import { loadKubeconfig } from '../../src/kubeconfig/load'
import { type Located, mergeKubeconfigs } from '../../src/kubeconfig/merge'
import { parseYaml } from '../../src/kubeconfig/yaml'
import { createAuthority } from '../kubeconfig/certificates'
import { bundleScript } from '../kubeconfig/runtimes'
import { type Seen, startProxy, startRecordingServer } from '../kubeconfig/tls-server'
import { buildCluster } from './build.ts'
import { describeCluster } from './suite.ts'

const run = promisify(execFile)
const directory = mkdtempSync(join(tmpdir(), 'kubeflect-kubeconfig-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** Writes a file into the folder of the tests and returns its path. */
function write(name: string, content: string | object, mode = 0o600): string {
  const path = join(directory, name)
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content), { mode })
  return path
}

/** Returns a kubeconfig with one context. */
const kubeconfig = (name: string, cluster: object, user: object) =>
  write(name, {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'it',
    clusters: [{ name: 'it', cluster }],
    users: [{ name: 'it', user }],
    contexts: [{ name: 'it', context: { cluster: 'it', user: 'it' } }],
  })

async function kubectl(args: readonly string[], env: Record<string, string> = {}): Promise<string> {
  const binary = await buildCluster()
  const { stdout } = await run(binary, ['kubectl', ...args], { env: { PATH: process.env.PATH, HOME: directory, ...env } })
  return stdout
}

const whole =
  'current-context: it\nclusters: [{name: it, cluster: {server: "http://127.0.0.1:1"}}]\ncontexts: [{name: it, context: {cluster: it}}]\n'

const base64 = (text: string) => Buffer.from(text).toString('base64')

const authority = createAuthority()
const clientAuthority = write('client-ca.pem', authority.cert)

describeCluster(
  'a kubeconfig',
  (cluster) => {
    test('merges several kubeconfig files like kubectl', async () => {
      const files = [
        write(
          'merge/one/config',
          'clusters:\n- {name: a, cluster: {server: "https://one", certificate-authority: ../ca.pem}}\ncontexts:\n',
        ),
        write('merge/two/config', {
          'current-context': 'two',
          clusters: [
            { name: 'a', cluster: { server: 'https://two', 'tls-server-name': 'x', 'proxy-url': 'http://p:1' } },
            { name: 'b', cluster: { server: 'https://two', 'insecure-skip-tls-verify': true, 'disable-compression': true } },
          ],
          users: [{ name: 'u', user: { tokenFile: 'token', token: 't', as: 'x', 'as-groups': ['g'], 'as-user-extra': { k: ['v'] } } }],
          contexts: [{ name: 'two', context: { cluster: 'a', user: 'u' } }],
        }),
        write('merge/three/config', {
          'current-context': 'three',
          users: [
            { name: 'u', user: { password: 'p' } },
            { name: 'v', user: { 'client-certificate': '/abs/c', 'client-key': 'k', username: 'n' } },
            {
              name: 'w',
              user: { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: './bin/x', interactiveMode: 'Never', args: ['1'] } },
            },
          ],
          contexts: [
            { name: 'two', context: { cluster: 'b', user: 'v' } },
            { name: 'three', context: { cluster: 'b', user: 'v', namespace: 'shop' } },
          ],
        }),
        join(directory, 'merge/none'),
      ]
      const viewed = JSON.parse(await kubectl(['config', 'view', '--raw', '-o', 'json'], { KUBECONFIG: files.join(':') }))
      const read = async (file: string) => ({ file, value: checkKubeconfig(await parseYaml(readFileSync(file, 'utf8'), file), file) })
      const merged = mergeKubeconfigs(await Promise.all(files.slice(0, 3).map(read)))
      expect({
        'current-context': merged.currentContext,
        clusters: entries(merged.clusters, 'cluster'),
        users: entries(merged.users, 'user'),
        contexts: entries(merged.contexts, 'context'),
      }).toEqual({
        'current-context': viewed['current-context'],
        clusters: viewed.clusters.map(withoutEmpty),
        users: viewed.users.map(withoutEmpty),
        contexts: viewed.contexts.map(withoutEmpty),
      })
    })

    test.each<[string, string | Buffer]>([
      ['a context without a user', whole],
      ['a user that does not exist, over plain HTTP', whole.replace('cluster: it}}', 'cluster: it, user: none}}')],
      ['a key twice', `current-context: none\n${whole}`],
      ['a name twice', `${whole}users: [{name: a, user: {token: x1}}, {name: a, user: {token: x2}}]`],
      ['several documents', `---\n${whole}---\ncurrent-context: other\n`],
      ['null sections and entries', `${whole}users: [null]\npreferences: null\n`],
      ['nulls in lists', `${whole}users: [{name: a, user: {as: b, as-groups: [null], as-user-extra: {x: null}}}]`],
      ['UTF-8 with a byte order mark', `\ufeff${whole}`],
      ['UTF-16 with a byte order mark', Buffer.from(`\ufeff${whole}`, 'utf16le')],
      ['UTF-16 without one', Buffer.from(whole, 'utf16le')],
      ['CRLF', whole.replaceAll('\n', '\r\n')],
      ['tabs', `${whole}users:\n\t- name: a\n`],
      ['merge keys', `x: &c {cluster: it}\n${whole.replace('{cluster: it}', '{<<: *c}')}`],
      ...['123', 'yes', 'n', 'true', '010', '0x1F', '1e3', '2026-01-01', '1:30', '!!str 123', '"yes"'].map((value): [string, string] => [
        `the token ${value}`,
        `${whole}users: [{name: a, user: {token: ${value}}}]`,
      ]),
      ['another kind', `kind: Pod\napiVersion: v1\n${whole}`],
      ['another version', `kind: Config\napiVersion: v2\n${whole}`],
      ['yes for a flag', whole.replace('{server:', '{disable-compression: yes, server:')],
      ['a text for a flag', whole.replace('{server:', '{disable-compression: "true", server:')],
    ])('a kubeconfig is read or refused like by kubectl: %s', async (_what, content) => {
      const file = join(directory, 'same')
      writeFileSync(file, content)
      const theirs = await kubectl(['--kubeconfig', file, 'config', 'view', '--raw', '-o', 'json']).then(
        (json) => JSON.parse(json),
        () => undefined,
      )
      const ours = await loadKubeconfig({ path: file }).catch((error) => error)
      if (!theirs) return expect(ours).toMatchObject({ name: 'KubeconfigError' })
      expect(ours).toMatchObject({ context: theirs['current-context'], baseUrl: `${theirs.clusters[0].cluster.server}/` })
      const read = checkKubeconfig(await parseYaml(textOf(readFileSync(file), file), file), file)
      expect(read.users.map(({ user }) => user.token)).toEqual(
        (theirs.users ?? []).map(({ user }: { user: { token?: string } }) => user.token ?? ''),
      )
    })

    describe('makes the same requests as kubectl', () => {
      const plugin = write('bin/plugin.cjs', pluginScript, 0o700)
      const exec = {
        apiVersion: 'client.authentication.k8s.io/v1',
        command: plugin,
        interactiveMode: 'IfAvailable',
        provideClusterInfo: true,
      }
      const extensions = [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'x' } }]
      write('token-file', 'from-file\n')
      const { cert, key } = authority.client('ann')
      write('ann.pem', cert)
      write('ann.key', key)

      test.each<[string, object, object]>([
        ['a token', {}, { token: 't' }],
        ['a token file', {}, { tokenFile: 'token-file' }],
        ['a token file that comes before a token', {}, { token: 't', tokenFile: 'token-file' }],
        ['a password', {}, { username: 'änn', password: 'p:w' }],
        ['certificate files', {}, { 'client-certificate': 'ann.pem', 'client-key': 'ann.key' }],
        ['an inline certificate and a token', {}, { token: 't', 'client-certificate-data': base64(cert), 'client-key-data': base64(key) }],
        ['another server name', { 'tls-server-name': 'kube.test' }, { token: 't' }],
        ['impersonation', {}, { token: 't', as: 'bob', 'as-uid': '7', 'as-groups': ['g'], 'as-user-extra': { 'a.b/c%ä(': ['1'] } }],
        ['a plugin', { extensions }, { exec: { ...exec, args: ['{"token":"of-plugin"}'], env: [{ name: 'EXTRA', value: 'yes' }] } }],
        [
          'a plugin that returns a certificate',
          { 'disable-compression': true },
          { exec: { ...exec, args: [JSON.stringify({ clientCertificateData: cert, clientKeyData: key })] } },
        ],
        [
          'a v1beta1 plugin beside a certificate',
          {},
          {
            exec: { ...exec, apiVersion: 'client.authentication.k8s.io/v1beta1' },
            'client-certificate': 'ann.pem',
            'client-key': 'ann.key',
          },
        ],
      ])('with %s', async (_, clusterFields, user) => {
        await using server = await startRecordingServer()
        await using proxy = await startProxy()
        for (const proxied of [{}, { 'proxy-url': proxy.url }]) {
          const fields = { server: server.url, 'certificate-authority-data': base64(server.authority.cert), ...proxied, ...clusterFields }
          const path = kubeconfig('recorded', fields, user)
          const pluginLog = join(directory, 'plugin.log')
          writeFileSync(pluginLog, '')
          await kubectl(['--kubeconfig', path, 'get', '--raw', '/api'], { PLUGIN_LOG: pluginLog, HTTPS_PROXY: 'http://127.0.0.1:1' })
          const env = { PATH: process.env.PATH, PLUGIN_LOG: pluginLog, HTTPS_PROXY: 'http://127.0.0.1:1' }
          await using connection = await loadKubeconfig({ path, env })
          await new KubeClient(connection).request({ path: 'api' })
          const [theirs, ours] = server.seen.splice(0).map(identity)
          expect(ours).toEqual(theirs)
          const [toldThem, toldUs] = readFileSync(pluginLog, 'utf8')
            .split('\n')
            .filter(Boolean)
            .map((line) => JSON.parse(line))
          expect(toldUs).toEqual(toldThem)
        }
        const { host } = new URL(server.url)
        expect(proxy.tunnels.map(({ to }) => to)).toEqual([host, host])
      })
    })

    describe('reaches the API server', () => {
      const ann = authority.client('ann', 'system:masters')
      const plugin = write('bin/exec.cjs', pluginScript, 0o700)
      const exec = (status: object) => ({
        apiVersion: 'client.authentication.k8s.io/v1',
        command: plugin,
        interactiveMode: 'Never',
        args: [JSON.stringify(status)],
      })
      const users: [string, object][] = [
        ['a client certificate', { 'client-certificate-data': base64(ann.cert), 'client-key-data': base64(ann.key) }],
        ['a plugin that returns a certificate', { exec: exec({ clientCertificateData: ann.cert, clientKeyData: ann.key }) }],
        ['a token', { token: 'admintoken' }],
        [
          'a token that impersonates another user',
          { token: 'admintoken', as: 'bob', 'as-groups': ['shop'], 'as-user-extra': { 'example.com/reason': ['test'] } },
        ],
      ]
      const fileOf = (user: object, fields: object = { 'certificate-authority-data': base64(cluster().certificateAuthority) }) =>
        kubeconfig('real', { server: cluster().serverUrl, ...fields }, user)

      test.each(users)('the API server sees the same user from %s as from kubectl', async (_, user) => {
        const path = fileOf(user)
        const whoami = JSON.parse(await kubectl(['--kubeconfig', path, 'auth', 'whoami', '-o', 'json'])).status.userInfo
        await using connection = await loadKubeconfig({ path })
        const review = await new KubeClient(connection).request({
          path: 'apis/authentication.k8s.io/v1/selfsubjectreviews',
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }),
        })
        // The certificate differs each time.
        expect(withoutCredentialId((await review.json()).status.userInfo)).toEqual(withoutCredentialId(whoami))
      })

      test('reaches an API server without an authority only when verification is off', async () => {
        await using trusting = await loadKubeconfig({ path: fileOf({ token: 'admintoken' }, { 'insecure-skip-tls-verify': true }) })
        expect((await new KubeClient(trusting).request({ path: 'readyz' })).status).toBe(200)
        await using careful = await loadKubeconfig({ path: fileOf({ token: 'admintoken' }, {}) })
        await expect(new KubeClient(careful).request({ path: 'readyz' })).rejects.toThrow(/no answer .*certificate/)
      })

      test('reads a rotated token file', async () => {
        const tokenFile = write('rotated', 'wrong')
        await using connection = await loadKubeconfig({ path: fileOf({ tokenFile }) })
        const client = new KubeClient(connection)
        await expect(client.request({ path: 'api' })).rejects.toMatchObject({ status: 401 })
        writeFileSync(tokenFile, 'admintoken')
        expect((await client.request({ path: 'api' })).status).toBe(200)
      })

      describe('from', () => {
        const bundled = once(() => bundleScript('smoke'))

        test.each(['node', 'deno', 'bun'] as const)(
          '%s: reads, writes, watches, and ends when the connection is closed',
          async (runtime) => {
            const runIn = await bundled()
            for (const [i, [, user]] of users.slice(0, 3).entries()) {
              const outcome = { user: i < 2 ? 'ann' : 'admin', events: ['ADDED', 'DELETED'], open: 'ended' }
              expect(await runIn(runtime, fileOf(user), `${runtime}-${i}`)).toEqual(outcome)
            }
          },
        )
      })
    })
  },
  { apiServerFlags: [`--client-ca-file=${clientAuthority}`] },
)

/** Writes a plugin that records its input and prints the status in its argument. */
const pluginScript = `#!${process.execPath}
const { appendFileSync } = require('node:fs')
const { PLUGIN_LOG, KUBERNETES_EXEC_INFO, EXTRA } = process.env
const info = JSON.parse(KUBERNETES_EXEC_INFO)
if (PLUGIN_LOG) appendFileSync(PLUGIN_LOG, JSON.stringify({ info, EXTRA, argv: process.argv.slice(2) }) + '\\n')
console.log(JSON.stringify({ kind: 'ExecCredential', apiVersion: info.apiVersion, status: JSON.parse(process.argv[2] ?? '{}') }))
`

/** The parts of a request that identify its sender and its target. */
function identity({ method, path, headers, serverName, client }: Seen): object {
  const sent = Object.entries(headers).filter(([name]) => name === 'authorization' || name.startsWith('impersonate-'))
  return { method, path, serverName, client, headers: Object.fromEntries(sent) }
}

/** Returns the entries in the form of kubectl: sorted by name, without empty values. */
function entries(map: ReadonlyMap<string, Located<object>>, kind: string): object[] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, { value }]) => withoutEmpty({ name, [kind]: value }))
}

/** Removes the members that Go omits or writes as null, which have the same meaning. */
function withoutEmpty(value: object): object {
  const isEmpty = (of: unknown) => !of || (typeof of === 'object' && Object.keys(of).length === 0)
  return Object.fromEntries(
    Object.entries(value)
      .map(([field, of]) => [field, of && typeof of === 'object' && !Array.isArray(of) ? withoutEmpty(of) : of])
      .filter(([field, of]) => field === 'user' || field === 'cluster' || !isEmpty(of)),
  )
}

function withoutCredentialId({ extra, ...rest }: { extra?: Record<string, unknown> }): object {
  const { 'authentication.kubernetes.io/credential-id': _, ...others } = extra ?? {}
  return { ...rest, extra: others }
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}
