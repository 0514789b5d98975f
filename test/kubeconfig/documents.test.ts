import { describe, expect, test } from 'vitest'
import { checkKubeconfig } from '../../src/kubeconfig/documents'
import { parseYaml } from '../../src/kubeconfig/yaml'
import { oneContext } from './support'

const read = async (text: string) => checkKubeconfig(await parseYaml(text, '/a/config'), '/a/config')

describe('a kubeconfig file', () => {
  test('a kubeconfig is YAML or JSON, and unknown fields are ignored', async () => {
    const document = {
      apiVersion: 'v1',
      kind: 'Config',
      preferences: {},
      ...oneContext({ extensions: [{ name: 'x', extension: { y: 1 } }] }),
    }
    const fromJson = await read(JSON.stringify(document))
    expect(fromJson.clusters).toMatchObject([{ name: 'east', cluster: { server: 'https://east.test:6443' } }])
    const yaml =
      'clusters:\n- {name: east, cluster: &c {server: "https://east.test"}}\n- {name: west, cluster: {<<: *c, tls-server-name: w}}\n'
    expect((await read(yaml)).clusters[1]?.cluster).toMatchObject({ server: 'https://east.test', 'tls-server-name': 'w' })
  })

  test.each([
    ['', 0],
    ['clusters: null\nusers:\n', 0],
    ['clusters: [{name: a}, {name: b, cluster: null}]', 2],
  ])('a kubeconfig can omit any field: %j', async (text, clusters) => {
    expect((await read(text)).clusters).toHaveLength(clusters)
  })

  test.each<[string, string]>([
    ['users: [{name: ann, user: {token: 1234567}}]', 'users "ann": token must be a string (quote it)'],
    ['users: [{name: ann, user: {exec: {args: [a, 1234567]}}}]', 'users "ann": exec.args.1 must be a string (quote it)'],
    ['users: [{user: {tokenFile: [1234567]}}]', 'users [0]: tokenFile must be a string'],
    [
      'clusters: [{name: a, cluster: {insecure-skip-tls-verify: "1234567"}}]',
      'clusters "a": insecure-skip-tls-verify must be true or false',
    ],
    ['contexts: {a: 1234567}', 'contexts must be a list'],
    ['contexts: [1234567]', 'contexts [0] must be a map'],
    ['1234567', 'a kubeconfig must be a map'],
    ['users: [{name: a, user: {}}, {name: a, user: {}}]', 'users has "a" twice; rename one of them'],
    ['a: [\nb: "1234567', 'line 2 is not YAML'],
    ['users: *t1234567', 'a YAML alias (*) has no anchor'],
  ])('an invalid kubeconfig is reported with its entry and field, never with a value: %j', async (text, message) => {
    const error = await read(text).catch((error) => error)
    expect(error.message).toMatch(/^\/a\/config: /)
    expect(error.message).toContain(message)
    expect(`${error.stack}${JSON.stringify(error)}${error.cause}`).not.toContain('1234567')
  })
})
