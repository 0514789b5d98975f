import { expect, test } from 'vitest'
import { proxyFromEnvironment } from '../../src/kubeconfig/proxy'

const find = (server: string, env: Record<string, string>) => proxyFromEnvironment(new URL(server), env)

test.each<[string, string, Record<string, string>, string | undefined]>([
  ['is the one for the scheme', 'https://a.test', { HTTPS_PROXY: 'http://p:1', HTTP_PROXY: 'http://q:1' }, 'http://p:1'],
  ['is the one for the scheme', 'http://a.test', { HTTPS_PROXY: 'http://p:1', HTTP_PROXY: 'http://q:1' }, 'http://q:1'],
  ['may be named in lower case, without a scheme', 'https://a.test', { https_proxy: 'p:1' }, 'http://p:1'],
  ['is none by default', 'https://a.test', {}, undefined],
])('proxyFromEnvironment uses a proxy %s', (_, server, env, expected) => {
  expect(find(server, env)).toBe(expected)
})

test.each(['https://localhost', 'https://127.0.0.1:6443', 'https://127.9.9.9', 'https://[::1]:6443'])(
  'proxyFromEnvironment never uses a proxy for %s',
  (server) => {
    expect(find(server, { HTTPS_PROXY: 'http://p:1' })).toBeUndefined()
  },
)

// Each rule with hosts that it excludes and hosts that it does not, as in golang.org/x/net/http/httpproxy.
test.each<[string, string[], string[]]>([
  ['*', ['https://a.test', 'https://10.1.2.3'], []],
  ['a.test', ['https://a.test', 'https://x.a.test:6443'], ['https://ba.test', 'https://test']],
  ['.a.test', ['https://x.a.test'], ['https://a.test']],
  ['*.a.test', ['https://x.a.test'], ['https://a.test']],
  ['b, A.TEST ,c', ['https://a.test'], ['https://d.test']],
  ['a.test:6443', ['https://a.test:6443'], ['https://a.test']],
  ['a.test:443', ['https://a.test'], ['https://a.test:6443']],
  ['10.1.2.3', ['https://10.1.2.3:6443'], ['https://10.1.2.4', 'https://x.10.1.2.3.test']],
  ['10.1.2.3:6443', ['https://10.1.2.3:6443'], ['https://10.1.2.3']],
  ['10.0.0.0/8', ['https://10.200.1.1'], ['https://11.0.0.1', 'https://[a00::1]']],
  ['10.1.2.0/23', ['https://10.1.3.255'], ['https://10.1.4.0']],
  ['0.0.0.0/0', ['https://9.9.9.9'], ['https://a.test']],
  ['fd00::/8', ['https://[fdab::1]'], ['https://[fe80::1]']],
  ['fd00::1', ['https://[fd00:0:0::1]:6443'], ['https://[fd00::2]']],
  ['[fd00::1]:443', ['https://[fd00::1]'], ['https://[fd00::1]:6443']],
  [':443', [], ['https://a.test']],
])('proxyFromEnvironment applies NO_PROXY=%s', (rule, excluded, others) => {
  const env = { HTTPS_PROXY: 'http://p:1', NO_PROXY: rule }
  expect(excluded.filter((server) => find(server, env))).toEqual([])
  expect(others.filter((server) => !find(server, env))).toEqual([])
})
