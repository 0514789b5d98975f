import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { findDocuments } from '../../scripts/documents.ts'
import { root } from './source-files.ts'

// Checks the documents against the repository: the targets of links and the named files exist.

const documents = [
  ...[
    'README',
    'ARCHITECTURE',
    'CONTRIBUTING',
    'SECURITY',
    'CODE_OF_CONDUCT',
    'bench/README',
    'examples/README',
    'test/upstream/README',
  ].map((name) => `${name}.md`),
  ...findDocuments('docs/**/*.md'),
].map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))

/** Returns the anchors that GitHub creates for the headings of a document. */
function anchorsOf(path: string): string[] {
  const prose = readFileSync(path, 'utf8').replace(/^```[\s\S]*?^```/gm, '')
  return [...prose.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
}

/** The address of a file of the repository. */
const OWN_FILE = /^https:\/\/(?:github\.com\/kubeflect\/kubeflect\/blob|raw\.githubusercontent\.com\/kubeflect\/kubeflect)\/main\//

test('the links of the README are absolute, so that they work on npm', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const relative = [...readme.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link).filter((link) => !/^(?:https:|#)/.test(link))
  expect(relative).toEqual([])
})

test('every link in a document has an existing file, and an existing heading if it names one', () => {
  const broken = documents.flatMap(({ path, text }) =>
    [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => {
      const own = link.replace(OWN_FILE, '/')
      if (/^[a-z]+:/.test(own)) return []
      const [file = '', anchor] = own.split('#')
      const target = file.startsWith('/') ? join(root, file) : file ? join(root, dirname(path), file) : join(root, path)
      if (!existsSync(target)) return [`${path}: ${link}`]
      return anchor && !anchorsOf(target).includes(anchor) ? [`${path}: ${link} (no such heading)`] : []
    }),
  )
  expect(broken).toEqual([])
})

test('every file that a document names exists', () => {
  const missing = documents.flatMap(({ path, text }) =>
    [...text.matchAll(/`((?:src|test|examples|bench|scripts|playground)\/[\w./-]*[\w/])`/g)].flatMap(([, name = '']) =>
      existsSync(join(root, name)) || existsSync(join(root, `${name}.test.ts`)) ? [] : [`${path}: ${name}`],
    ),
  )
  expect(missing).toEqual([])
})

test('the table of bounds names files that exist', () => {
  const table = readFileSync(join(root, 'docs/bounds.md'), 'utf8')
  const named = [...table.matchAll(/`([\w-]+(?:\/[\w-]+)+(?:\.test)?\.ts)`/g)].map(([, name = '']) =>
    name.includes('.test.') ? `test/${name}` : `src/${name}`,
  )
  expect(named.length).toBeGreaterThan(60)
  expect(named.filter((name) => !existsSync(join(root, name)))).toEqual([])
})

test('decisions are numbered without gaps, and the index lists each of them', () => {
  const folder = join(root, 'docs/decisions')
  const records = readdirSync(folder)
    .filter((name) => name !== 'README.md')
    .sort()
  expect(records.map((name) => Number(name.slice(0, 3)))).toEqual(records.map((_, index) => index + 1))
  const index = readFileSync(join(folder, 'README.md'), 'utf8')
  for (const name of records) {
    const text = readFileSync(join(folder, name), 'utf8')
    for (const heading of ['Context', 'Decision', 'Consequences', 'Measurement'])
      expect(text, relative(root, name)).toContain(`## ${heading}\n`)
    expect(index).toContain(`(${name})`)
  }
})
