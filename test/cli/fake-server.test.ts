import { parseArgs } from 'node:util'
import { describe, expect, test } from 'vitest'
import { KubeError } from '../../src/api/errors'
import type { KubeObject } from '../../src/api/object'
import type { Host, ParseArgs } from '../../src/cli/host'
import { run } from '../../src/cli/run'
import { FakeApiServer } from '../../src/testing/fake-api-server'
import { createStandaloneServer, type StandaloneOptions } from '../../src/testing/standalone'

const refuse = () => Promise.reject(new Error('no cluster is asked'))

/** Runs `kubeflect fake-server` on a machine with the given files, and stops the server at once. */
async function runFakeServer(args: readonly string[], files: Readonly<Record<string, string>> = {}) {
  const result = { code: 0, stdout: [] as string[], stderr: '', choices: [] as (StandaloneOptions & { port: number })[] }
  const host: Host = {
    args: ['fake-server', ...args],
    parseArgs: parseArgs as ParseArgs,
    version: refuse,
    readInput: refuse,
    readBelow: refuse,
    readFile: async (path) => files[path],
    writeBelow: refuse,
    print: (line) => result.stdout.push(line),
    complain: (line) => {
      result.stderr += `${line}\n`
    },
  }
  result.code = await run(
    host,
    refuse,
    async (choice, port) => {
      if (port === 1) throw new KubeError('another program listens on port 1: choose another one with --port')
      result.choices.push({ ...choice, port })
      return { url: `http://127.0.0.1:${port}`, closed: Promise.resolve() }
    },
    refuse,
  )
  return result
}

const pod = (name: string) => ({ kind: 'Pod', apiVersion: 'v1', metadata: { name } })
const definition = { kind: 'CustomResourceDefinition', apiVersion: 'apiextensions.k8s.io/v1', metadata: { name: 'widgets.example.com' } }

describe('kubeflect fake-server', () => {
  test('fake-server serves generated pods that change on port 8001, and prints the URL', async () => {
    const { code, stdout, choices } = await runFakeServer([])
    expect([code, stdout]).toEqual([0, ['http://127.0.0.1:8001']])
    expect(choices).toEqual([{ objects: [], pods: 100, rate: 10, allowedOrigins: [], port: 8001 }])
  })

  test('fake-server serves the objects of files, definitions first, and generated pods only on request', async () => {
    const files = {
      'pods.json': JSON.stringify({ kind: 'List', apiVersion: 'v1', items: [pod('a'), definition] }),
      'more.json': JSON.stringify([pod('b')]),
      'one.json': JSON.stringify(pod('c')),
    }
    const { choices } = await runFakeServer(['--objects', 'pods.json', '--objects', 'more.json', '--objects', 'one.json'], files)
    expect(choices).toMatchObject([{ pods: 0, rate: 0 }])
    expect(choices[0]?.objects.map(({ metadata }) => metadata.name)).toEqual(['widgets.example.com', 'a', 'b', 'c'])
    const [asked] = (await runFakeServer(['--objects=one.json', '--pods=5', '--port=0'], files)).choices
    expect(asked).toMatchObject({ pods: 5, rate: 10, port: 0 })
  })

  test.each([
    [['--port', '70000'], 2, '--port must be a whole number from 0 to 65535, got "70000"'],
    [['--port', '-1'], 2, "'--port"],
    [['--pods', '1e3'], 2, '--pods must be a whole number from 0 to 200000, got "1e3"'],
    [['--rate', ''], 2, '--rate must be a whole number'],
    [['--allow-origin', 'localhost:5173'], 2, '--allow-origin must be an origin such as http://localhost:5173'],
    [['extra'], 2, 'extra'],
    [['--objects', 'none.json'], 1, 'the file none.json does not exist'],
    [['--objects', 'pods.yaml'], 1, 'pods.yaml is not JSON'],
    [['--objects', 'text.json'], 1, 'item 0 of text.json is not a Kubernetes object: it needs kind, apiVersion and metadata'],
    [['--port', '1'], 1, 'another program listens on port 1: choose another one with --port'],
  ])('fake-server reports the invalid arguments %j in one line', async (args, code, message) => {
    const files = { 'pods.yaml': 'kind: Pod', 'text.json': '"text"' }
    const result = await runFakeServer(args as string[], files)
    expect(result.code).toBe(code)
    expect(result.stderr).toContain(message)
    expect(result.stderr).not.toMatch(/^\s+at /m)
  })

  test('fake-server prints its usage, and appears in the list of commands', async () => {
    expect((await runFakeServer(['--help'])).stdout.join('\n')).toContain('kubectl --server http://127.0.0.1:8001 get pods')
  })
})

test('generate creates the types of custom resources from a fake server with their definition', async () => {
  const server = new FakeApiServer()
  const spec = { type: 'object', required: ['size'], properties: { size: { type: 'integer', description: 'How large it is' } } }
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec } } }
  const names = { plural: 'widgets', kind: 'Widget' }
  const versions = [{ name: 'v1', served: true, schema }]
  server.load([{ ...definition, spec: { group: 'example.com', scope: 'Cluster', names, versions } } as KubeObject])
  const files = new Map<string, string>()
  const host: Host = {
    args: ['generate', '--out=generated', '--server=http://kube.test'],
    parseArgs: parseArgs as ParseArgs,
    version: refuse,
    readInput: refuse,
    readFile: async () => undefined,
    readBelow: async () => undefined,
    writeBelow: async (folder, path, text) => void files.set(`${folder}/${path}`, text),
    print: () => undefined,
    complain: (line) => expect.fail(line),
  }
  expect(await run(host, async () => ({ baseUrl: 'http://kube.test', fetch: server.fetch }), refuse, refuse)).toBe(0)
  const text = files.get('generated/example.com/v1.ts')
  expect(text).toContain('export const Widget: Resource<Widget>')
  expect(text).toMatch(/How large it is \*\/\s+size: number/)
})

describe('a standalone fake server', () => {
  test('a standalone fake server loads objects of any kind it serves, including numbered ones of a real server, and names an unknown kind', () => {
    const options = { pods: 2, rate: 0, allowedOrigins: [] }
    const numbered = { ...pod('a'), metadata: { name: 'a', uid: 'u', resourceVersion: '9' } }
    const existing = { kind: 'Namespace', apiVersion: 'v1', metadata: { name: 'default', labels: { a: 'b' }, resourceVersion: '7' } }
    expect(() => createStandaloneServer({ ...options, objects: [numbered, existing] }).close()).not.toThrow()
    const unknown = { kind: 'Widget', apiVersion: 'example.com/v1', metadata: { name: 'w' } }
    expect(() => createStandaloneServer({ ...options, objects: [unknown] })).toThrow('Widget (example.com/v1) is not served')
  })
})
