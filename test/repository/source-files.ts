import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The checkout. */
export const root: string = fileURLToPath(new URL('../../', import.meta.url))

/** A file of the checkout; its path starts at the root and has forward slashes. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

/** Reads every file below a folder of the checkout, but not what git ignores: dependencies, builds, caches. */
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
