// Finds the Markdown documents of the repository.

import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Folders below `docs/` whose pages are installed or generated. */
const FOREIGN = /^docs\/(?:node_modules|api|\.vitepress)(?:\/|$)/

/** Returns the paths of the documents that match glob patterns, such as `docs/*.md`, without generated pages. */
export function findDocuments(...patterns: string[]): string[] {
  return globSync(patterns, { cwd: root, exclude: (path) => FOREIGN.test(path) })
    .filter((path) => !FOREIGN.test(path))
    .sort()
}
