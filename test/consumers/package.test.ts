// The contents of the tarball that npm publishes.

import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, inject, test } from 'vitest'
import { exportedNames } from '../../scripts/finish-build.ts'
import { readSubpaths } from '../../scripts/subpaths.ts'

const { project, tarball } = inject('consumers')
const kubeflect = join(project, 'node_modules/kubeflect')
const read = (path: string): string => readFileSync(join(kubeflect, path), 'utf8')
const paths = tarball.files.map(({ path }) => path)

test('the tarball has every source once, inside the source maps', () => {
  expect(paths.filter((path) => !path.startsWith('dist/')).sort()).toEqual(
    ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'].filter((path) => paths.includes(path)),
  )
  const sources = paths
    .filter((path) => path.endsWith('.map'))
    .flatMap((path) => {
      const map = JSON.parse(read(path)) as { sources: string[]; sourcesContent?: (string | null)[] }
      expect(map.sourcesContent?.filter(Boolean), path).toHaveLength(map.sources.length)
      return map.sources.map((source) => source.slice(source.indexOf('/src/')))
    })
  expect(sources.length).toBeGreaterThan(100)
  expect(sources.filter((source, i) => sources.indexOf(source) !== i)).toEqual([])
})

test('the tarball stays below 1.5 MB, and below 5.5 MB unpacked, source maps included', () => {
  expect(tarball.size).toBeLessThan(1_500_000)
  expect(tarball.unpackedSize).toBeLessThan(5_500_000)
})

test('the tarball has every source map that its files reference', () => {
  for (const path of paths.filter((each) => each.endsWith('.js'))) {
    const [, map] = /\n\/\/# sourceMappingURL=(\S+)\s*$/.exec(read(path)) ?? []
    if (map) expect(paths, path).toContain(join(path, '..', map))
  }
})

test('the tarball has every file that package.json names', () => {
  const named = [...JSON.stringify(JSON.parse(read('package.json')).exports).matchAll(/"\.\/(dist[^"*]*)"/g)].map(([, path]) => path)
  expect(named.length).toBeGreaterThan(10)
  for (const path of named) expect(paths).toContain(path)
})

test('engines allows no Node version that a dependency excludes', () => {
  const { engines, dependencies } = JSON.parse(read('package.json'))
  const oldest = (range = '>=0'): number[] => (/>=\s*([\d.]+)/.exec(range)?.[1] ?? '0').split('.').map(Number)
  for (const name of Object.keys(dependencies)) {
    const wanted = oldest(JSON.parse(readFileSync(join(project, 'node_modules', name, 'package.json'), 'utf8')).engines?.node)
    expect(oldest(engines.node)[0], name).toBeGreaterThanOrEqual(wanted[0] ?? 0)
  }
})

test.each(readSubpaths())('%s declares as values what it exports when it runs, and nothing else', (subpath) => {
  const declared = exportedNames(`${subpath}.d.ts`, read(`dist/${subpath}.d.ts`))
  const values = declared.filter(({ isTypeOnly }) => !isTypeOnly).map(({ name }) => name)
  const runtime = exportedNames(`${subpath}.js`, read(`dist/${subpath}.js`)).map(({ name }) => name)
  expect(values.sort()).toEqual(runtime.sort())
})

test('[bindings/20] declarations import no dependency, and those of a framework only that framework, so that each compiles without the others', () => {
  const imports = readdirSync(join(kubeflect, 'dist'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.d.ts'))
    .flatMap((path) =>
      [...read(`dist/${path}`).matchAll(/^(?:import|export)\b[^'\n]*'([^'.][^']*)'/gm)].map(([, name]) => `${path}: ${name}`),
    )
  expect([...new Set(imports)].sort()).toEqual([
    'react.d.ts: react',
    'solid.d.ts: solid-js',
    'tanstack-db.d.ts: @tanstack/db',
    'vue.d.ts: vue',
  ])
})

test('every entry can be imported without a document, and constructed objects are idle there', async () => {
  const program = `
    const subpaths = ${JSON.stringify(readSubpaths().filter((subpath) => subpath !== 'worker'))}
    for (const subpath of subpaths) await import(subpath === 'index' ? 'kubeflect' : 'kubeflect/' + subpath)
    const { createInformer, createView, defineResource, KubeClient, SharedInformerFactory, Store } = await import('kubeflect')
    const Pod = defineResource({ version: 'v1', plural: 'pods', kind: 'Pod' })
    const client = new KubeClient({ baseUrl: 'http://127.0.0.1:9' })
    new SharedInformerFactory(client).informer(Pod)
    createView(new Store()).close()
    console.log('done')`
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { cwd: project })
  expect([stdout, stderr]).toEqual(['done\n', ''])
})
