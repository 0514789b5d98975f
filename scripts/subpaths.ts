// Reads the subpaths of the package from package.json.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))

/**
 * Returns the subpaths that package.json exports, without `./`. Each names its source (`idb` is `src/idb.ts`); the package itself is
 * `index`. A pattern expands to the files below its folder.
 */
export function readSubpaths(): string[] {
  const { exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
  return Object.keys(exports)
    .filter((subpath) => subpath !== './package.json')
    .flatMap((subpath) => {
      if (subpath === '.') return 'index'
      return subpath.endsWith('/*') ? modulesBelow(subpath.slice(2, -2)) : subpath.slice(2)
    })
}

function modulesBelow(folder: string): string[] {
  return readdirSync(`${root}src/${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => `${folder}/${path.slice(0, -'.ts'.length)}`)
    .sort()
}
