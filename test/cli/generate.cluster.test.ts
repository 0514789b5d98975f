import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { stringify } from 'yaml'
import type { Resource } from '../../src/api/resource'
import { KubeClient } from '../../src/http/client'
import { until } from '../cluster/component.ts'
import { describeCluster } from '../cluster/suite.ts'
import { compile } from './compile.ts'
import { definitions } from './definitions.ts'

const root = join(import.meta.dirname, '../..')
const odd = ['resources', 'records', 'classes', 'dashed-things']

describeCluster('kubeflect generate', (cluster) => {
  let folder = ''
  const read = (name: string) => {
    const files = readdirSync(join(folder, name), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'))
    return new Map(files.sort().map((path) => [path, readFileSync(join(folder, name, path), 'utf8')]))
  }
  const kubeflect = async (...args: string[]) => {
    const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'cli.js'), ...args], { cwd: folder, timeout: 60_000 })
    return stdout.trim().split('\n')
  }

  beforeAll(async () => {
    // Below node_modules, so that the program finds the packages that are not bundled.
    const cache = join(root, 'node_modules/.cache/kubeflect')
    mkdirSync(cache, { recursive: true })
    folder = mkdtempSync(join(cache, 'cli-'))
    await build({
      configFile: false,
      logLevel: 'error',
      build: { ssr: join(root, 'src/cli.ts'), outDir: folder, emptyOutDir: false, target: 'esnext' },
    })
    for (const definition of definitions) await cluster().kubectl(['create', '-f', '-'], { input: JSON.stringify(definition) })
    // The server publishes the schema of a definition with a delay, and serves its objects once the storage is ready.
    const paths = ['example.com/v1/gadgets', 'example.com/v1beta1/gadgets', ...odd.map((plural) => `odd.example.com/v1/${plural}`)]
    await until('the server to serve and describe what was defined', async () => {
      const ready = await Promise.all(
        paths.map(async (path) => {
          const description = await fetch(`${cluster().proxyUrl}/openapi/v3/apis/${path.replace(/\/[^/]+$/, '')}`)
          const list = await fetch(`${cluster().proxyUrl}/apis/${path}`)
          return list.ok && (await description.text()).includes(`"/apis/${path}"`)
        }),
      )
      return ready.every(Boolean) || undefined
    })
  })
  afterAll(() => folder && rmSync(folder, { recursive: true, force: true }))

  test("generate writes a module for each version of a cluster's definitions, the same through a proxy and a kubeconfig", async () => {
    const written = await kubeflect('generate', '--server', cluster().proxyUrl, '--out', 'proxy')
    expect(written).toEqual([
      'proxy/example.com/v1.ts: Gadget',
      'proxy/example.com/v1beta1.ts: Gadget',
      'proxy/odd.example.com/v1.ts: Record, Resource, class, dashed-Thing',
    ])
    await kubeflect('generate', '--kubeconfig', cluster().kubeconfig, '--out', 'direct')
    expect(read('direct')).toEqual(read('proxy'))
  })

  test("generate writes the same from definition files in YAML and from the server's copies", async () => {
    await kubeflect('generate', '--server', cluster().proxyUrl, '--out', 'server')
    const fromServer = read('server')
    const withoutHeader = (files: Map<string, string>) => new Map([...files].map(([path, text]) => [path, text.replace(/^.*\n/, '')]))

    writeFileSync(join(folder, 'crds.yaml'), definitions.map((definition) => stringify(definition, { version: '1.1' })).join('---\n'))
    await kubeflect('generate', '--crd', 'crds.yaml', '--out', 'files')
    expect(withoutHeader(read('files'))).toEqual(withoutHeader(fromServer))

    const list = await cluster().kubectl(['get', 'crds', '-o', 'json'])
    writeFileSync(join(folder, 'list.json'), list)
    await kubeflect('generate', '--crd', 'list.json', '--out', 'list')
    expect(withoutHeader(read('list'))).toEqual(withoutHeader(fromServer))
  })

  test('the generated code compiles, accepts objects that the server accepts, and rejects others', async () => {
    await kubeflect('generate', '--server', cluster().proxyUrl, '--out', 'types')
    const use = (spec: string) =>
      `import type { Gadget } from './example.com/v1.js'\nexport const gadget: Gadget = { metadata: {}, spec: ${spec} }\n`
    const files = read('types').set('use.ts', use(`${JSON.stringify(spec)}`))
    expect(compile(files)).toEqual([])
    expect(compile(files.set('use.ts', use("{ size: '1', class: 'small' }")))).toEqual([
      "use.ts:2: Type 'string' is not assignable to type 'number'.",
    ])
  })

  test('clients read and write objects with the generated resources', async () => {
    await kubeflect('generate', '--server', cluster().proxyUrl, '--out', 'values', '--group', 'example.com', '--group', 'odd.example.com')
    const client = new KubeClient({ baseUrl: cluster().proxyUrl })
    for (const path of read('values').keys()) {
      const resources: Readonly<Record<string, Resource>> = await import(/* @vite-ignore */ join(folder, 'values', path))
      for (const resource of Object.values(resources)) expect((await client.list(resource)).kind).toBe(`${resource.kind}List`)
    }
    const { Gadget }: { Gadget: Resource } = await import(/* @vite-ignore */ join(folder, 'values/example.com/v1.ts'))
    const gadget = { metadata: { name: 'one', namespace: 'default' }, spec }
    expect(await client.create(Gadget, gadget)).toMatchObject({ kind: 'Gadget', ...gadget })
  })

  test('generate writes built-in groups and the types of other groups that they need', async () => {
    await kubeflect('generate', '--server', cluster().proxyUrl, '--out', 'apps', '--group', 'apps')
    const files = read('apps')
    expect([...files.keys()]).toEqual(['apps/v1.ts', 'core/v1.ts', 'meta/v1.ts'])
    expect(compile(files)).toEqual([])
  })
})

const spec = {
  ...{ size: 1, replicas: null, class: 'small', level: 2, maxSurge: '25%', 'with-dash': true, 'a"b\'c': 'd', constructor: 'e' },
  ...{ free: { any: 1 }, anything: [1], known: { a: 'a', other: 2 }, labels: { app: 'web' }, open: { f: [true] } },
  template: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: {} },
  parts: [{ name: 'p', id: null }],
  matrix: [['x', 'y'], []],
  either: { a: 'a' },
}
