// Holds the titles of the conformance tests to the ids in `ids.ts`.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { conformanceIds } from './ids'

const folder = fileURLToPath(new URL('.', import.meta.url))
const ids = Object.values(conformanceIds)

function idsInTitles(): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.startsWith('ids.'),
  )
  const titles = files.flatMap((file) => readFileSync(`${folder}/${file}`, 'utf8').match(/(?<=\btest\(['`"])(?:\[[^\]]*\] )+/g) ?? [])
  return titles.flatMap((title) => title.match(/(?<=\[)[^\]]*/g) ?? [])
}

test('conformance ids are unique', () => {
  expect(new Set(ids).size).toBe(ids.length)
})

test('conformance titles use only ids of the table', () => {
  const used = idsInTitles()
  expect(used.length).toBeGreaterThan(100)
  expect(used.filter((id) => !(ids as readonly string[]).includes(id))).toEqual([])
})
