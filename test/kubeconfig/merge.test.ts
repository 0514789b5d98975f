import { describe, expect, test } from 'vitest'
import { mergeKubeconfigs, resolveContext } from '../../src/kubeconfig/merge'
import { located, oneContext, targetOf } from './support'

describe('merging kubeconfigs', () => {
  test('merging uses the whole definition of the first file when several files define a name', () => {
    const merged = mergeKubeconfigs(
      located(oneContext({}, { token: 'a' }), oneContext({ 'tls-server-name': 'x' }, { token: 'b', as: 'bob' })),
    )
    expect(merged.users.get('ann')).toMatchObject({ file: '/a/config', value: { token: 'a', as: '' } })
    expect(merged.clusters.get('east')?.value['tls-server-name']).toBe('')
  })

  test('merging keeps definitions of later files, with their file', () => {
    const later = { users: [{ name: 'bob', user: { token: 'b' } }] }
    expect(mergeKubeconfigs(located(oneContext(), later)).users.get('bob')?.file).toBe('/b/config')
  })

  test('merging takes the first current context that is set', () => {
    const files = located({}, { 'current-context': 'b' }, { 'current-context': 'c' })
    expect(mergeKubeconfigs(files).currentContext).toBe('b')
  })
})

describe('a context', () => {
  test('resolveContext returns the current context with the namespace default', () => {
    expect(targetOf(oneContext())).toMatchObject({ context: 'dev', namespace: 'default', cluster: { file: '/a/config' } })
  })

  test('the parts of a context can be in other files', () => {
    const [a, b] = located({ ...oneContext(), users: [] }, { users: [{ name: 'ann', user: { token: 't' } }] })
    const target = resolveContext(mergeKubeconfigs([a, b].filter((file) => file !== undefined)))
    expect(target).toMatchObject({ cluster: { file: '/a/config' }, user: { file: '/b/config', value: { token: 't' } } })
  })

  test('resolveContext returns undefined without a name and a current context', () => {
    expect(resolveContext(mergeKubeconfigs(located({})))).toBeUndefined()
  })

  test('an unknown context is an error that lists the known ones', () => {
    expect(() => targetOf(oneContext(), 'prod')).toThrow('there is no context "prod"; defined: "dev"')
  })

  test('resolveContext reports every missing part of a context', () => {
    expect(() => targetOf({ ...oneContext(), clusters: [], users: [{ name: 'bob' }, { name: 'cy' }] })).toThrow(
      'context "dev" (/a/config): cluster names "east", but none is defined; user names "ann", but defined: "bob", "cy"',
    )
  })

  const exec = { command: 'get-token', apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never' }
  test.each<[string, object, string]>([
    ['no server', { server: '' }, 'server must be a URL that begins with https:// or http://'],
    ['a server without a scheme', { server: 'east.test:6443' }, 'server must be a URL'],
    ['a server with a password', { server: 'https://me:pass@east.test' }, 'server must have no user and no password; give'],
    [
      'two authorities',
      { 'certificate-authority': 'a', 'certificate-authority-data': 'b' },
      'certificate-authority and certificate-authority-data are mutually exclusive',
    ],
    [
      'an unused authority',
      { 'certificate-authority': 'a', 'insecure-skip-tls-verify': true },
      'insecure-skip-tls-verify and certificate-authority',
    ],
  ])('resolveContext reports a cluster with %s', (_, cluster, message) => {
    expect(() => targetOf(oneContext(cluster))).toThrow(`context "dev" (/a/config): cluster "east" (/a/config): ${message}`)
  })

  test.each<[string, object, string]>([
    ['a certificate without a key', { 'client-certificate': 'a' }, 'client-certificate needs client-key'],
    ['a key without a certificate', { 'client-key-data': 'a' }, 'client-key needs client-certificate'],
    [
      'two keys',
      { 'client-certificate': 'a', 'client-key': 'b', 'client-key-data': 'c' },
      'client-key and client-key-data are mutually exclusive',
    ],
    ['two ways to say who asks', { token: 'a', username: 'b' }, 'token and username are mutually exclusive'],
    [
      'an auth-provider',
      { 'auth-provider': { name: 'oidc' } },
      'auth-provider is not supported (Kubernetes removed it); use an exec plugin',
    ],
    ['a plugin without a command', { exec: { ...exec, command: '' } }, 'exec.command is missing'],
    ['a plugin of an old version', { exec: { ...exec, apiVersion: 'client.authentication.k8s.io/v1alpha1' } }, 'exec.apiVersion must be'],
    [
      'a v1 plugin without a mode',
      { exec: { ...exec, interactiveMode: null } },
      'exec.interactiveMode must be one of Never, IfAvailable, Always',
    ],
    ['a nameless variable', { exec: { ...exec, env: [{ value: 'x' }] } }, 'exec.env has a variable without a name'],
    ['a uid of nobody', { 'as-uid': '1' }, 'as-uid, as-groups and as-user-extra need as'],
    ['several groups', { as: 'bob', 'as-groups': ['a', 'b'] }, 'as-groups can have only one group'],
    ['several values', { as: 'bob', 'as-user-extra': { a: ['1', '2'] } }, 'as-user-extra can have only one value for each key'],
  ])('resolveContext reports a user with %s', (_, user, message) => {
    expect(() => targetOf(oneContext({}, user))).toThrow(`context "dev" (/a/config): user "ann" (/a/config): ${message}`)
  })

  test('resolveContext reports all problems of a context at once, and none of other entries', () => {
    const other = { name: 'bob', user: { 'auth-provider': { name: 'gcp' } } }
    const document = oneContext({ server: '' }, { 'client-key': 'k' })
    const message = /server must be.*; user "ann".*client-key needs/
    expect(() => targetOf({ ...document, users: [{ name: 'ann', user: { 'client-key': 'k' } }, other] })).toThrow(message)
    expect(targetOf({ ...oneContext(), users: [{ name: 'ann' }, other] }).user.value.token).toBe('')
  })

  test('a v1beta1 plugin can omit its interactive mode', () => {
    const user = { exec: { ...exec, apiVersion: 'client.authentication.k8s.io/v1beta1', interactiveMode: undefined } }
    expect(targetOf(oneContext({}, user)).user.value.exec?.interactiveMode).toBe('')
  })
})
