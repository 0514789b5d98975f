// Reads the source files of the checkout.

import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The root folder of the checkout. */
export const root: string = fileURLToPath(new URL('../../', import.meta.url))

/** A file of the checkout; its path is relative to the root, with forward slashes. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

/** Reads all files below a folder of the checkout, except those that git ignores: dependencies, builds, caches. */
export function readFiles(folder = '.'): SourceFile[] {
  const ignored = readFileSync(join(root, '.gitignore'), 'utf8').split('\n')
  const read = (directory: string): SourceFile[] =>
    readdirSync(directory, { withFileTypes: true }).flatMap((item) => {
      const path = join(directory, item.name)
      if (item.isDirectory()) return item.name === '.git' || ignored.includes(`${item.name}/`) ? [] : read(path)
      return item.isFile() ? [{ path: relative(root, path).split(sep).join('/'), text: readFileSync(path, 'utf8') }] : []
    })
  return read(join(root, folder))
}
