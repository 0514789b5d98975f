import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { guard } from './expected'

const loader = new URL('../examples/source-loader.mjs', import.meta.url).href
const script = fileURLToPath(new URL('retained.ts', import.meta.url))

test('an informer keeps little more than the text of objects that are not read', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', '--import', loader, script])
  const { objects, retainedPerCharacter } = JSON.parse(stdout)
  expect(objects).toBe(4_000)
  guard('bytes retained per character, nothing read', retainedPerCharacter)
}, 30_000)

test('a watch that began with the whole state keeps nothing of it', async () => {
  const path = fileURLToPath(new URL('watch-memory.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', '--import', loader, path])
  // The events of 3,000 pods take 150 kB.
  expect(JSON.parse(stdout).kbPerWatch).toBeLessThan(70)
}, 60_000)
