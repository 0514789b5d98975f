import { describe, expect, test } from 'vitest'
import { brokenRules, importCycles, readImports } from './import-rules.ts'
import { readFiles } from './source-files.ts'

// Files other than TypeScript replace features that a runtime lacks; their import is an error message.
const source = readFiles('src').filter(({ path }) => path.endsWith('.ts'))

describe('the sources', () => {
  test('the import check finds the source files', () => {
    expect(source.flatMap(readImports).length).toBeGreaterThan(10)
  })
  test('sources import one way: from entries down to api and internal', () => {
    expect(brokenRules(source)).toEqual([])
  })
  test('source files have no import cycles, including type imports', () => {
    expect(importCycles(source)).toEqual([])
  })
  test('source folders have no barrel files', () => {
    expect(source.filter(({ path }) => /^src\/.+\/index\.ts$/.test(path))).toEqual([])
  })
})

describe('the rules', () => {
  const files = (sources: Record<string, string>) => Object.entries(sources).map(([path, text]) => ({ path, text }))

  test('the import rules allow a module its own folder and the layers below', () => {
    const good = files({
      'src/store/store.ts': `import { split } from '../api/keys'\nimport { order } from './order'`,
      'src/store/order.ts': `import { KubeError } from '../api/errors'`,
      'src/api/keys.ts': '',
      'src/api/errors.ts': `import type { Key } from './keys'`,
      'src/index.ts': `export { Store } from './store/store'`,
    })
    expect(brokenRules(good)).toEqual([])
  })

  test.each([
    [
      'upwards',
      `import { Store } from '../store/store'`,
      'src/http/client.ts',
      /store is above http\. Imports go down: entry files → cli → testing/,
    ],
    ['upwards, for a type', `import type { Store } from '../store/store'`, 'src/http/client.ts', /store is above http/],
    ['sideways', `import { Store } from '../store/store'`, 'src/queue/fifo.ts', /store is beside queue/],
    ['sideways, in a re-export', `export { Store } from '../store/store'`, 'src/queue/fifo.ts', /store is beside queue/],
    ['sideways, when called', `const it = () => import('../store/store')`, 'src/queue/fifo.ts', /store is beside queue/],
    ['sideways, inside a type', `type S = import('../store/store').Store`, 'src/queue/fifo.ts', /store is beside queue/],
    ['another entry', `export { Store } from './index'`, 'src/idb.ts', /index\.ts is beside idb\.ts/],
    ['a value beside it', `import { apply } from '../store/changes'`, 'src/persistence/persister.ts', /store is beside persistence/],
    ['a runtime', `import { readFile } from 'node:fs'`, 'src/http/client.ts', /no runtime module/],
    ['a stranger', `import { map } from 'lodash'`, 'src/http/client.ts', /no package except ky, valibot, idb-keyval/],
    ['ky', `import type { Options } from 'ky'`, 'src/http/params.ts', /only src\/http\/ky-sender\.ts may import it/],
    ['an extension', `import { a } from './list.ts'`, 'src/http/client.ts', /no extension/],
    ['a folder', `import { a } from '../api'`, 'src/http/client.ts', /not a folder/],
  ])('the import rules refuse an import of %s', (_, text, path, message) => {
    const others = files({ 'src/store/store.ts': '', 'src/store/changes.ts': '', 'src/index.ts': '', 'src/api/index.ts': '' })
    const broken = brokenRules([{ path, text: `\n${text}` }, ...others])
    expect(broken).toHaveLength(1)
    expect(broken[0]).toMatch(message)
    expect(broken[0]).toContain(`${path}:2 imports `)
  })

  test('the import rules allow persistence to import the types of changes', () => {
    const text = `import type { StoreUpdate } from '../store/changes'`
    expect(brokenRules(files({ 'src/persistence/persister.ts': text, 'src/store/changes.ts': '' }))).toEqual([])
  })

  test('the import rules require a layer for a new folder', () => {
    expect(() => brokenRules(files({ 'src/utils/a.ts': `import { b } from './b'`, 'src/utils/b.ts': '' }))).toThrow(
      /src\/utils is missing from the layers/,
    )
  })

  test('the import rules find cycles through type imports', () => {
    const circle = files({
      'src/api/a.ts': `import type { B } from './b'`,
      'src/api/b.ts': `import { c } from './c'`,
      'src/api/c.ts': `export type { A } from './a'`,
      'src/api/d.ts': `import { a } from './a'`,
    })
    expect(importCycles(circle)).toEqual([['src/api/a.ts', 'src/api/b.ts', 'src/api/c.ts', 'src/api/a.ts']])
  })
})
