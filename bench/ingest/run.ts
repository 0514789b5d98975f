// How fast text becomes entries, beside the floor: the least anybody must do who parses everything.
//
//   node bench/ingest/run.ts [rounds] [pods]
//
// Ratios of medians of alternating rounds; the machine's own speed cancels out.
import { fileURLToPath } from 'node:url'
import { runnerImport } from 'vite'

const [rounds = 9, pods = 10_000] = process.argv.slice(2).map(Number)
const root = fileURLToPath(new URL('../..', import.meta.url))
// The sources name each other without extensions: vite reads them.
const { module } = await runnerImport<typeof import('./ways.ts')>(`${root}bench/ingest/ways.ts`, {
  root,
  configFile: false,
  logLevel: 'error',
})
const { makeInput, ways } = module

const input = makeInput(pods)
const times = new Map(Object.keys(ways).map((name) => [name, [] as number[]]))
// The first round warms up and does not count.
for (let round = 0; round <= rounds; round++) {
  for (const [name, way] of Object.entries(ways)) {
    globalThis.gc?.()
    const start = performance.now()
    const count = way(input)
    if (count !== pods) throw new Error(`${name} found ${count} of ${pods} pods`)
    if (round > 0) times.get(name)?.push(performance.now() - start)
  }
}
const median = (name: string): number => {
  const sorted = [...(times.get(name) ?? [])].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}
const row = (title: string, ours: string, floor: string) =>
  console.log(
    `${title.padEnd(44)} ${(median(ours) / median(floor)).toFixed(2)} of ${floor} (${median(floor).toFixed(0)} ms for ${pods} pods)`,
  )
row('watch events to entries, nothing read', 'watch: entries', 'watch: split and JSON.parse')
row('watch events to entries, every object read', 'watch: entries, every object read', 'watch: split and JSON.parse')
row('a list to entries, nothing read', 'list: entries', 'list: JSON.parse')
