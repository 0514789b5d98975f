// Reads the names of the functions of each entry from the pages of the API reference, when the site is built.
import { readFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'

/** The names of the functions of each entry, by its folder below `api/`. */
export type Functions = Readonly<Record<string, readonly string[]>>

export declare const data: Functions

export default {
  watch: ['../../api/*/index.md'],
  load(files: readonly string[]): Functions {
    return Object.fromEntries(files.map((file) => [basename(dirname(file)), functionsOf(readFileSync(file, 'utf8'))]))
  },
}

/** Lists the functions of a page: its headings that end in parentheses. */
function functionsOf(page: string): string[] {
  return Array.from(page.matchAll(/^### (\w+)\(\)$/gm), ([, name = '']) => name)
}
