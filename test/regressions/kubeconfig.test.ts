import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KubeClient } from '../../src/http/client'
import { loadUndici } from '../../src/kubeconfig/connect'
import { checkKubeconfig } from '../../src/kubeconfig/documents'
import { loadKubeconfig } from '../../src/kubeconfig/load'
import { mergeKubeconfigs, resolveContext } from '../../src/kubeconfig/merge'
import { loadPeer } from '../../src/kubeconfig/peer'
import { parseYaml } from '../../src/kubeconfig/yaml'
import { fakeConnection, fakeHost, oneContext } from '../kubeconfig/support'

// Files as people, editors, PowerShell and Go write them; kubectl is the measure. What it does with each: test/cluster/kubeconfig.test.ts.

const SECRET = 'hunter2-secret'
const http = 'current-context: it\nclusters: [{name: it, cluster: {server: "http://kube.test"}}]\n'
const read = async (content: string | Uint8Array) => {
  await using connection = await loadKubeconfig({ path: '/a/config' }, fakeHost({ '/a/config': content }))
  return connection.baseUrl
}
const outcome = async (content: string | Uint8Array) => read(content).catch((error) => error)

function utf16(text: string, endian: 'little' | 'big'): Uint8Array {
  const bytes = new Uint8Array(2 * text.length + 2)
  const view = new DataView(bytes.buffer)
  for (const [i, unit] of [0xfeff, ...Array.from(text, (_, at) => text.charCodeAt(at))].entries())
    view.setUint16(2 * i, unit, endian === 'little')
  return bytes
}

describe('a kubeconfig', () => {
  it.each([
    ['without a user', `${http}contexts: [{name: it, context: {cluster: it}}]`],
    ['whose user is empty', `${http}contexts: [{name: it, context: {cluster: it, user: ""}}]`],
    ['whose user is null', `${http}users: null\ncontexts: [{name: it, context: {cluster: it, user: null}}]`],
    ['over plain HTTP, whose user does not exist', `${http}contexts: [{name: it, context: {cluster: it, user: nobody}}]`],
    ['over TLS, without a user', `${http.replace('http:', 'https:')}contexts: [{name: it, context: {cluster: it}}]`],
  ])('a kubeconfig connects anonymously with a context %s, as kubectl does', async (_what, text) => {
    expect(await read(text)).toMatch(/^https?:\/\/kube\.test\/$/)
  })

  it.each([
    [
      'whose user does not exist, over TLS',
      `${http.replace('http:', 'https:')}contexts: [{name: it, context: {cluster: it, user: x}}]`,
      'user names "x"',
    ],
    ['without a cluster', `${http}contexts: [{name: it}]`, 'cluster is not set; defined: "it"'],
    ['that is null', `${http}contexts: [null]`, 'there is no context "it"; defined: ""'],
  ])('a kubeconfig refuses a context %s', async (_what, text, message) => {
    expect(await outcome(text)).toMatchObject({ name: 'KubeconfigError', message: expect.stringContaining(message) })
  })

  const whole = `${http}contexts: [{name: it, context: {cluster: it}}]\n`
  it.each<[string, string | Uint8Array]>([
    ['UTF-8 with a byte order mark', new TextEncoder().encode(`\ufeff${whole}`)],
    ['UTF-16, as PowerShell writes it', utf16(whole, 'little')],
    ['UTF-16, big endian', utf16(whole, 'big')],
    ['CRLF', whole.replaceAll('\n', '\r\n')],
    ['a first document among several', `---\n${whole}---\ncurrent-context: other\n`],
    ['a key twice, of which the last counts', `current-context: none\n${whole}`],
    ['null sections', `preferences: null\nusers: null\n${whole}extensions: ~\n`],
    ['kind and apiVersion', `kind: Config\napiVersion: v1\n${whole}`],
    [
      'merge keys and aliases',
      `x: &c {server: "http://kube.test"}\ncurrent-context: it\nclusters: [{name: it, cluster: {<<: *c}}]\ncontexts: [{name: it, context: {cluster: it}}]`,
    ],
  ])('a kubeconfig is read with %s', async (_what, content) => {
    expect(await read(content)).toBe('http://kube.test/')
  })

  it.each(['yes', 'Yes', 'on', 'y', 'true', 'TRUE'])(
    'a kubeconfig takes %s for true and its opposites for false, as YAML 1.1 does',
    async (word) => {
      const parsed = await parseYaml(`a: ${word}\nb: "${word}"\nc: no\nd: off\ne: N`, '/a/config')
      expect(parsed).toEqual({ a: true, b: word, c: false, d: false, e: false })
    },
  )

  it.each([
    ['name: 123', 'users [0]: name must be a string (quote it)'],
    ['name: yes', 'users [0]: name must be a string (quote it)'],
    ['name: ann, user: {token: 1e3}', 'users "ann": token must be a string (quote it)'],
  ])('a kubeconfig refuses a number or a truth value where a string belongs: %s', async (entry, message) => {
    expect((await outcome(`users: [{${entry}}]`)).message).toBe(`/a/config: ${message}`)
  })

  it.each([
    ['kind: Pod', '/a/config: kind must be "Config"'],
    ['apiVersion: v2', '/a/config: apiVersion must be "v1"'],
  ])('a kubeconfig refuses a file that is something else: %s', async (text, message) => {
    expect((await outcome(text)).message).toBe(message)
  })

  it.each<[string, string | Uint8Array, string]>([
    [
      'neither UTF-8 nor marked UTF-16',
      Uint8Array.of(0x61, 0xff, 0xfe, 0x62),
      '/a/config is neither UTF-8 nor UTF-16 with a byte order mark',
    ],
    ['longer than 4 MiB', `# ${'x'.repeat(4 * 1024 * 1024)}`, '/a/config is longer than the limit of 4194304 bytes'],
    ['indented with tabs', `clusters:\n\t- name: ${SECRET}`, '/a/config: line 2 is not YAML (TAB_AS_INDENT)'],
    ...['[', '{"a":', '- ', '? ', 'a: ', '- &a '].map((part): [string, string, string] => [
      `nested without end: ${part}`,
      part.repeat(200_000),
      '/a/config: the YAML is nested too deeply',
    ]),
    [
      'indented without end',
      Array.from({ length: 1_100 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
      '/a/config: the YAML is nested too deeply',
    ],
    [
      'an alias bomb',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefgh'].map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefg'[i]}`)}]`).join('\n')}`,
      'a YAML alias (*) has no anchor, or expands too often',
    ],
  ])('a kubeconfig is refused in a sentence when it is %s', async (_what, content, message) => {
    const error = await outcome(content)
    expect(error).toMatchObject({ name: 'KubeconfigError', message: expect.stringContaining(message) })
    expect(`${error.stack} ${error.cause}`).not.toContain(SECRET)
  })

  it('a kubeconfig may use one anchor for hundreds of users', async () => {
    const users = Array.from({ length: 500 }, (_, i) => `- {name: u${i}, user: *exec}`)
    expect(await read(`x: &exec {token: t}\n${whole}users:\n${users.join('\n')}`)).toBe('http://kube.test/')
  })

  it('a kubeconfig never ends a message in thousands of names or problems', async () => {
    const contexts = Array.from({ length: 5_000 }, (_, i) => ({ name: `context-${i}` }))
    const error = await outcome(JSON.stringify({ 'current-context': 'it', contexts }))
    expect(error.message).toMatch(/"context-19", and 4980 more$/)
    expect((await outcome(JSON.stringify({ contexts: contexts.map((_, i) => i) }))).message.length).toBeLessThan(1_000)
  })

  it('a kubeconfig ends in a connection or a KubeconfigError whatever the document is, and quotes no value', {
    timeout: 60_000,
  }, async () => {
    const names = [
      'clusters',
      'users',
      'contexts',
      'name',
      'cluster',
      'user',
      'context',
      'exec',
      'env',
      'args',
      'as-user-extra',
      'extensions',
      'current-context',
      'server',
      'token',
      'command',
      'apiVersion',
      '__proto__',
    ]
    const { node } = fc.letrec((tie) => ({
      node: fc.oneof(
        { depthSize: 'medium' },
        fc.constantFrom<unknown>(null, 1, true, '', SECRET, 'it', 'https://x'),
        fc.array(tie('node'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...names), tie('node'), { maxKeys: 6 }),
      ),
    }))
    await fc.assert(
      fc.asyncProperty(node, async (document) => {
        try {
          const value = checkKubeconfig(await parseYaml(JSON.stringify(document), '/a'), '/a')
          for (const { name } of value.contexts) resolveContext(mergeKubeconfigs([{ file: '/a', value }]), name)
        } catch (error) {
          expect(error).toMatchObject({ name: 'KubeconfigError' })
          // Names of entries are told; they are no secrets.
          expect((error as Error).message.replaceAll(`"${SECRET}"`, '')).not.toContain(SECRET)
        }
      }),
    )
  })

  it('a kubeconfig ends in a value or a KubeconfigError whatever the text is', { timeout: 60_000 }, async () => {
    const text = fc.array(
      fc.constantFrom(
        'a: ',
        '- ',
        '\n',
        '  ',
        '\t',
        '{',
        '}',
        '[',
        ']',
        '"',
        "'",
        '&a ',
        '*a',
        '<<: ',
        '|',
        '>',
        '? ',
        '---\n',
        '!!str ',
        '!x ',
        '%YAML 9\n',
        '\u0000',
        '#',
      ),
      { maxLength: 30 },
    )
    await fc.assert(
      fc.asyncProperty(text, async (parts) => {
        await parseYaml(parts.join(''), '/a').catch((error) => expect(error).toMatchObject({ name: 'KubeconfigError' }))
      }),
    )
  })
})

describe('the files of a kubeconfig', () => {
  const latin1 = Uint8Array.of(...new TextEncoder().encode('# Z\u0000').map((byte) => byte || 0xfc), 0x0a, 0x43, 0x41)

  it.each<[string, Uint8Array]>([
    ['beyond Latin-1', new TextEncoder().encode('# Zertifizierungsstelle für 東京\n-----BEGIN CERTIFICATE-----')],
    ['in Latin-1', latin1],
  ])('the files of a kubeconfig reach a plugin byte by byte: an authority with a comment %s', async (_what, bytes) => {
    const exec = { command: 'x', apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never', provideClusterInfo: true }
    const host = fakeHost({ '/a/ca.pem': bytes })
    host.answer = () => ({
      code: 0,
      stdout: JSON.stringify({ kind: 'ExecCredential', apiVersion: exec.apiVersion, status: { token: 't' } }),
    })
    for (const field of [{ 'certificate-authority': 'ca.pem' }, { 'certificate-authority-data': Buffer.from(bytes).toString('base64') }])
      await (await fakeConnection(oneContext(field, { exec }), host)).send()
    for (const { env } of host.runs) {
      const told = JSON.parse(env.KUBERNETES_EXEC_INFO ?? '').spec.cluster['certificate-authority-data']
      expect(told).toBe(Buffer.from(bytes).toString('base64'))
    }
    expect(host.runs).toHaveLength(2)
  })

  it('the files of a kubeconfig may be a token that PowerShell wrote', async () => {
    const { send, requests } = await fakeConnection(oneContext({}, { tokenFile: 't' }), fakeHost({ '/a/t': utf16('abc\r\n', 'little') }))
    await send()
    expect(requests[0]?.headers.get('authorization')).toBe('Bearer abc')
  })

  it.each([
    ['certificate-authority', { 'certificate-authority': 'none' }, {}],
    ['client-certificate', {}, { 'client-certificate': 'none', 'client-key-data': btoa('k') }],
    ['client-key', {}, { 'client-key': 'none', 'client-certificate-data': btoa('c') }],
    ['tokenFile', {}, { tokenFile: 'none' }],
  ])('the files of a kubeconfig are named with the field that names them: %s', async (field, cluster, user) => {
    const sent = fakeConnection(oneContext(cluster, user), fakeHost()).then(({ send }) => send())
    await expect(sent).rejects.toThrow(`(/a/config): ${field}: /a/none cannot be read (ENOENT)`)
  })
})

describe('a secret that no header can hold', () => {
  const bad = [`${SECRET}\n${SECRET}`, `${SECRET}\r`, `${SECRET}\u0000`, `${SECRET}\u2028`, `${SECRET}\u007f`]
  const exec = { command: 'x', apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never' }
  it.each(
    bad.flatMap((token) => (['token', 'tokenFile', 'plugin', 'as', 'as-user-extra'] as const).map((source) => [source, token] as const)),
  )('a secret that no header can hold is named and not quoted: %s %j', async (source, token) => {
    if (source === 'tokenFile' && token.trim() === SECRET) return
    const host = fakeHost({ '/a/t': token })
    host.answer = () => ({ code: 0, stdout: JSON.stringify({ kind: 'ExecCredential', apiVersion: exec.apiVersion, status: { token } }) })
    const user = {
      token: { token },
      tokenFile: { tokenFile: 't' },
      plugin: { exec },
      as: { as: token },
      'as-user-extra': { as: 'a', 'as-user-extra': { x: [token] } },
    }
    const sent = async () => {
      const { connection } = await fakeConnection(oneContext({}, user[source]), host)
      await new KubeClient(connection).request({ path: 'api' })
    }
    const error = await sent().catch((error) => error)
    expect(error.message).toMatch(/so no HTTP header can carry it; its value is not shown/)
    expect(error.message).toContain('context "dev": its user (/a/config)')
    for (let at = error; at; at = at.cause) expect(`${at.stack} ${JSON.stringify(at)}`).not.toContain(SECRET)
  })

  it('a token file that is empty fails with an error that says so', async () => {
    const { send } = await fakeConnection(oneContext({}, { tokenFile: 't' }), fakeHost({ '/a/t': '\n' }))
    await expect(send()).rejects.toThrow('context "dev": its user (/a/config): the token in /a/t is empty')
  })
})

describe('a package that is missing', () => {
  const missing = (name: string) =>
    Object.assign(new Error(`Cannot find package '${name}' imported from /app/x.js`), { code: 'ERR_MODULE_NOT_FOUND' })

  it.each([
    ['20.20.2', 'undici@7'],
    ['22.18.0', 'undici@7'],
    ['22.19.0', 'undici'],
    ['24.1.0', 'undici'],
  ])('a package that is missing is named with the version that Node %s can load', async (node, wanted) => {
    const error = await loadUndici(() => Promise.reject(missing('undici')), node).catch((error) => error)
    expect(error).toMatchObject({
      name: 'KubeconfigError',
      message: expect.stringMatching(new RegExp(`that is not installed: npm install ${wanted}$`)),
    })
  })

  it.each([
    new SyntaxError('Unexpected token'),
    missing('other-package'),
    Object.assign(new Error('No such built-in module: node:sqlite'), { code: 'ERR_UNKNOWN_BUILTIN_MODULE' }),
  ])('a package that is missing is told from one that does not load: %s', async (cause) => {
    const error = await loadUndici(() => Promise.reject(cause), '20.20.2').catch((error) => error)
    expect(error.message).toContain('which is installed but does not load')
    expect(error.message).toContain('npm install undici@7')
    expect(error.cause).toBe(cause)
  })

  it.each([
    ['Deno', new TypeError('Import "yaml" not a dependency')],
    ['Bun', new Error("Cannot find package 'yaml' from '/app/x.js'")],
  ])('a package that is missing is recognised in %s', async (_runtime, cause) => {
    await expect(loadPeer('yaml', () => Promise.reject(cause), '/a/config cannot be read without')).rejects.toThrow(
      '/a/config cannot be read without the package yaml, an optional peer dependency that is not installed: npm install yaml',
    )
  })
})
