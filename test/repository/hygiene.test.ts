import { describe, expect, test } from 'vitest'
import { readFiles, type SourceFile } from './source-files.ts'

const everything = readFiles()
const source = everything.filter(({ path }) => path.startsWith('src/') && !path.startsWith('src/resources/'))
const testCode = everything.filter(({ path }) => /^(test|bench|examples)\/.*\.ts$/.test(path))

// The words are concatenated, so that this file does not contain them.
const registries = [
  'registry npmjs org',
  'registry yarnpkg com',
  'registry npmmirror com',
  'proxy golang org',
  'sum golang org',
  'deb debian org',
  'files pythonhosted org',
]
const registryHost = new RegExp(registries.map((name) => name.replaceAll(' ', '\\.')).join('|'), 'i')
const homePath = new RegExp(['/home/', '/Users/', '/root/', '\\\\Users\\\\'].map((start) => `(?<![\\w.}-])${start}[\\w.-]`).join('|'))

/** Returns the occurrences of a pattern as `path:line: text`. */
function occurrences(files: readonly SourceFile[], pattern: RegExp): string[] {
  return files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim().slice(0, 120)}`] : [])),
  )
}

describe('no file', () => {
  test('no file names a package registry', () => {
    expect(occurrences(everything, registryHost)).toEqual([])
  })
  test('no file contains a path of a developer’s machine', () => {
    expect(occurrences(everything, homePath)).toEqual([])
  })
})

test('the lockfile does not record download addresses', () => {
  const lockfile = everything.filter(({ path }) => path === 'package-lock.json')
  expect(lockfile).toHaveLength(1)
  expect(occurrences(lockfile, /"resolved"/)).toEqual([])
})

test('no test uses .only', () => {
  expect(occurrences(testCode, /\b(test|it|describe)(\.\w+)*\.only\b/)).toEqual([])
})

describe('each source file', () => {
  test('no source file has unfinished work markers', () => {
    expect(occurrences(source, /\b(TODO|FIXME|XXX)\b/)).toEqual([])
  })
  test('every source file has at most 400 lines', () => {
    const lengths = source.map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
    expect(lengths.filter(({ lines }) => lines > 400)).toEqual([])
  })
})
