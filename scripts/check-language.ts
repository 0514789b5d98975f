// Checks the language of the project against `scripts/words.txt`: sources, documents, test titles and commit subjects.
// `node scripts/check-language.ts` prints each phrase that is not plain English, with its place and what to write instead.

import { execFileSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findDocuments } from './documents.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const WORDS = 'scripts/words.txt'
const DOCUMENTS = ['*.md', '.changeset/*.md', 'docs/**/*.md']
const MAX_SUBJECT_LENGTH = 72

/** A kind of text; each has phrases of its own in the word list. */
export type Scope = 'everywhere' | 'prose'

/** A phrase to avoid. */
export interface Phrase {
  readonly text: string
  readonly pattern: RegExp
  readonly scope: Scope
  readonly instead: string
}

/** A phrase that is allowed in a file or folder, for a reason. */
export interface Exception {
  /** A file, or a folder with a slash at the end. */
  readonly path: string
  /** A phrase as in the list, `header` for the opening line, `summary` for the first word of docstrings, or `*` for all of them. */
  readonly phrase: string
  readonly reason: string
}

/** The parsed word list. */
export interface WordList {
  readonly phrases: readonly Phrase[]
  readonly exceptions: readonly Exception[]
}

/** A phrase that was found. */
export interface Finding {
  readonly line: number
  /** The words in the text. */
  readonly found: string
  readonly phrase: Phrase
}

/**
 * Parses a word list; the list itself describes the format.
 *
 * @throws SyntaxError naming the line that cannot be parsed.
 */
export function parseWordList(text: string): WordList {
  const phrases: Phrase[] = []
  const exceptions: Exception[] = []
  let section = ''
  for (const [index, line] of text.split('\n').entries()) {
    const fail = (expected: string) => new SyntaxError(`${WORDS}:${index + 1}: expected ${expected}, got ${JSON.stringify(line)}`)
    if (line === '' || line.startsWith('#')) continue
    const header = /^\[(\w+)\]$/.exec(line)?.[1]
    if (header) section = header
    else if (section === 'except') {
      const [, path, phrase, reason] = /^(\S+) (.+?): (.+)$/.exec(line) ?? []
      if (!path || !phrase || !reason) throw fail('`path phrase: reason`')
      exceptions.push({ path, phrase, reason })
    } else if (section === 'everywhere' || section === 'prose') {
      const [phrase, instead] = line.split(' => ')
      if (!phrase || !instead) throw fail('`phrase => what to write instead`')
      phrases.push({ text: phrase, pattern: patternOf(phrase), scope: section, instead })
    } else throw fail('[everywhere], [prose] or [except] before the first phrase')
  }
  return { phrases, exceptions }
}

function patternOf(phrase: string): RegExp {
  const source = /^\/(.*)\/$/.exec(phrase)?.[1] ?? `\\b${phrase}\\b`
  return new RegExp(source.replaceAll(' ', '\\s+'), 'gim')
}

/** Finds phrases in a text, also where a line break in a comment divides them. */
export function findPhrases(text: string, phrases: readonly Phrase[]): Finding[] {
  // The marks of comments become spaces, so that positions stay the same.
  const plain = text.replace(/^[ \t]*(?:\/\/|\/?\*+\/?)/gm, (mark) => ' '.repeat(mark.length))
  return phrases.flatMap((phrase) =>
    Array.from(plain.matchAll(phrase.pattern), ({ 0: found, index }) => {
      const start = index + found.search(/\S/)
      return { line: plain.slice(0, start).split('\n').length, found: found.trim().replace(/\s+/g, ' '), phrase }
    }),
  )
}

/** Blanks out everything but the titles of tests, so that positions stay the same. */
export function titlesOf(source: string): string {
  const titles = source.matchAll(/\b(?:it|test|describe)(?:\.\w+)*(?:\([^'"`]*?\))?\(\s*(['"`])(?<title>(?:\\.|(?!\1)[\s\S])*)\1/dg)
  let text = source.replace(/[^\n]/g, ' ')
  for (const { indices } of titles) {
    const [start, end] = indices?.groups?.title ?? [0, 0]
    text = `${text.slice(0, start)}${source.slice(start, end)}${text.slice(end)}`
  }
  return text
}

/** Finds docstrings whose summary begins with a question word, so that it does not stand alone; returns their lines and words. */
export function findWeakSummaries(source: string): { line: number; word: string }[] {
  return Array.from(
    source.matchAll(/\/\*\*\s+(?:\*\s+)?(What|How|Which|Who|Where|That|Those)\b/g),
    ({ 0: start, 1: word = '', index }) => ({
      line: source.slice(0, index + start.length).split('\n').length,
      word,
    }),
  )
}

/** Whether a source opens with a comment, which says what the file is for. */
export function hasHeader(source: string): boolean {
  return /^(?:#!.*\n)?\/(?:\/|\*\*)/.test(source)
}

/** Describes what is wrong with the form of a commit's subject; undefined when it is `area: summary`. */
export function subjectProblem(subject: string): string | undefined {
  if (/^(?:Revert|Reapply) "/.test(subject)) return undefined
  if (subject.length > MAX_SUBJECT_LENGTH) return `${subject.length} characters, at most ${MAX_SUBJECT_LENGTH}`
  return /^[a-z][\w./-]*(?:, [a-z][\w./-]*)*: \S/.test(subject) ? undefined : 'expected `area: summary`'
}

/** Returns the first exception that covers a phrase in a file. */
export function exceptionFor(path: string, phrase: string, exceptions: readonly Exception[]): Exception | undefined {
  return exceptions.find(
    (exception) =>
      (exception.path === path || (exception.path.endsWith('/') && path.startsWith(exception.path))) &&
      (exception.phrase === '*' || exception.phrase === phrase),
  )
}

/** A phrase, a missing header or a weak summary in a file. */
interface Problem {
  readonly path: string
  readonly phrase: string
  readonly message: string
}

/**
 * Returns the subjects of the commits that descend from the one that added the word list, newest first and without merges. In a shallow clone the
 * oldest commit counts as the one that added it. Empty without a repository.
 */
function subjects(): string[] {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  try {
    const added = git('log', '--diff-filter=A', '--format=%H', '--', WORDS).split('\n').at(-1)
    return added ? git('log', '--no-merges', '--ancestry-path', '--format=%s', `${added}..HEAD`).split('\n').filter(Boolean) : []
  } catch {
    return []
  }
}

function find(...patterns: string[]): string[] {
  return globSync(patterns, { cwd: root, exclude: (path) => path.endsWith('node_modules') }).sort()
}

function checkFiles({ phrases }: WordList): Problem[] {
  const everywhere = phrases.filter(({ scope }) => scope === 'everywhere')
  const read = (path: string) => readFileSync(join(root, path), 'utf8')
  const check = (path: string, text: string, list: readonly Phrase[]): Problem[] =>
    findPhrases(text, list).map(({ line, found, phrase }) => ({
      path,
      phrase: phrase.text,
      message: `${path}:${line}: ${JSON.stringify(found)} (write: ${phrase.instead})`,
    }))
  const sources = find('src/**/*.ts')
  return [
    ...sources
      .filter((path) => !hasHeader(read(path)))
      .map((path) => ({ path, phrase: 'header', message: `${path}:1: no comment that says what the file is for` })),
    ...sources.flatMap((path) =>
      findWeakSummaries(read(path)).map(({ line, word }) => ({
        path,
        phrase: 'summary',
        message: `${path}:${line}: the docstring begins with "${word}" (write: a verb, or a noun phrase that names the thing)`,
      })),
    ),
    ...[...sources, ...findDocuments(...DOCUMENTS)].flatMap((path) => check(path, read(path), phrases)),
    ...find('test/**/*.ts').flatMap((path) => check(path, titlesOf(read(path)), everywhere)),
  ]
}

function checkSubjects({ phrases }: WordList): string[] {
  const everywhere = phrases.filter(({ scope }) => scope === 'everywhere')
  return subjects().flatMap((subject) => {
    const found = findPhrases(subject, everywhere).map(({ found, phrase }) => `${JSON.stringify(found)} (write: ${phrase.instead})`)
    const problem = subjectProblem(subject)
    return [...(problem ? [problem] : []), ...found].map((why) => `commit ${JSON.stringify(subject)}: ${why}`)
  })
}

if (import.meta.main) {
  const list = parseWordList(readFileSync(join(root, WORDS), 'utf8'))
  const found = checkFiles(list)
  const exemptions = found.map(({ path, phrase }) => exceptionFor(path, phrase, list.exceptions))
  const problems = [...found.filter((_, i) => !exemptions[i]).map(({ message }) => message), ...checkSubjects(list)]
  for (const problem of problems) console.error(problem)
  for (const unused of list.exceptions.filter((exception) => !exemptions.includes(exception)))
    console.log(`${WORDS}: the exception for ${unused.path} is not needed any more`)
  console.log(`${list.phrases.length} phrases, ${problems.length} problems, ${exemptions.filter(Boolean).length} exceptions`)
  if (problems.length > 0) process.exitCode = 1
}
