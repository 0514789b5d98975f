// Loads the generated resources.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Resource } from '../../src/api/resource'

/** The folder of the generated resources. */
export const folder: string = fileURLToPath(new URL('../../src/resources', import.meta.url))

/** The generated modules, such as `apps/v1.ts`. */
export function readPaths(): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'))
}

/** Every generated Resource value, by module and name. */
export async function importResources(): Promise<Map<string, Readonly<Record<string, Resource>>>> {
  const modules = readPaths().map(async (path) => [path, await import(/* @vite-ignore */ join(folder, path))] as const)
  return new Map(await Promise.all(modules))
}
