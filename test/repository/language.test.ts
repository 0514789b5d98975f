// Tests the language check: word list, sources, test titles and commit subjects. `npm run language` checks the repository itself.

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  exceptionFor,
  findPhrases,
  findWeakSummaries,
  hasHeader,
  parseWordList,
  subjectProblem,
  titlesOf,
} from '../../scripts/check-language.ts'

const { phrases } = parseWordList('[everywhere]\nfor ages => for hours\n/\\bties? up\\b/ => binds\n')
const found = (text: string) => findPhrases(text, phrases).map(({ line, found }) => `${line}: ${found}`)

describe('the word list', () => {
  it('has a replacement for every phrase and a reason for every exception', () => {
    const list = parseWordList(readFileSync('scripts/words.txt', 'utf8'))
    expect(list.phrases.length).toBeGreaterThan(40)
    expect(list.phrases.filter(({ instead }) => instead === '')).toEqual([])
    expect(list.exceptions.filter(({ reason }) => reason === '')).toEqual([])
  })

  it.each([
    ['a phrase without a replacement', '[prose]\nfor ages\n', 'words.txt:2: expected `phrase => what to write instead`'],
    ['an exception without a reason', '[except]\nsrc/a.ts *\n', 'words.txt:2: expected `path phrase: reason`'],
    ['a phrase before the first section', 'for ages => for hours\n', 'expected [everywhere], [prose] or [except]'],
  ])('the word list parser rejects %s and names the line', (_what, text, message) => {
    expect(() => parseWordList(text)).toThrow(message)
  })

  it('covers a file by its own exception or by that of a folder, for one phrase or for all', () => {
    const { exceptions } = parseWordList('[except]\nsrc/a/ *: generated\nsrc/b.ts for ages: a quotation\n')
    expect(exceptionFor('src/a/deep/x.ts', 'ties up', exceptions)?.reason).toBe('generated')
    expect(exceptionFor('src/b.ts', 'for ages', exceptions)?.reason).toBe('a quotation')
    expect(exceptionFor('src/b.ts', 'ties up', exceptions)).toBeUndefined()
    expect(exceptionFor('src/another.ts', 'for ages', exceptions)).toBeUndefined()
  })
})

describe('a phrase', () => {
  it('is found at word boundaries, whatever its case', () => {
    expect(found('Waits. For ages!\nfor agesque, unties up, a tie up')).toEqual(['1: For ages', '2: tie up'])
  })

  it('is found where a line break in a comment or a document divides it', () => {
    expect(found('/**\n * Waits for\n * ages.\n */\n// It ties\n  // up the page.\nfor\nages')).toEqual([
      '2: for ages',
      '7: for ages',
      '5: ties up',
    ])
  })
})

it('reads the titles of tests, parametrized ones included, and nothing else', () => {
  const source = [
    '// for ages',
    "it('waits for ages', () => {",
    "  const text = 'for ages'",
    "test.each([1, 2])('ties up %s', () => {})",
    'describe.concurrent(`a \\` for ages`, () => {})',
  ].join('\n')
  expect(found(titlesOf(source))).toEqual(['2: for ages', '5: for ages', '4: ties up'])
})

it('requires a comment at the top of a source', () => {
  expect(
    ['// What it is for.\n', '/** The main export. */\nexport const a = 1', '#!/usr/bin/env node\n// A command.\n'].every(hasHeader),
  ).toBe(true)
  expect(["import a from 'a'\n// Too late.\n", 'export const a = 1'].some(hasHeader)).toBe(false)
})

it('refuses docstrings whose summary begins with a question word', () => {
  const source = '/** What it is. */\n/** Returns what it is. */\n/**\n * How it works,\n * that is.\n */\n// Why: a reason.\n'
  expect(findWeakSummaries(source)).toEqual([
    { line: 1, word: 'What' },
    { line: 4, word: 'How' },
  ])
})

it('requires commit subjects of the form `area: summary` with at most 72 characters', () => {
  const good = ['store: keep the last duplicate', 'errors, discovery: search names once', 'Revert "store: keep the last duplicate"']
  expect(good.map(subjectProblem)).toEqual([undefined, undefined, undefined])
  expect(subjectProblem('Keep the last duplicate')).toBe('expected `area: summary`')
  expect(subjectProblem(`store: ${'x'.repeat(66)}`)).toBe('73 characters, at most 72')
})
