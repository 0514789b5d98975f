// Reads and writes the results in bench/results.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import type { Metrics } from '../subjects/task.ts'
import { benchRoot } from './build.ts'
import type { Runtime } from './subject.ts'

/** The measurements of one row, one value a round. */
export interface MeasuredRow {
  readonly name: string
  readonly runtime: Runtime | 'Bundle'
  readonly metrics: Readonly<Record<string, readonly number[]>>
}

/** Rows that can be compared, because they had the same load. */
export interface MeasuredGroup {
  readonly title: string
  readonly rows: readonly MeasuredRow[]
}

/** The result of one question. */
export interface Result {
  readonly question: string
  readonly rounds: number
  readonly machine: string
  /** The peers that were left out, with the reasons. */
  readonly skipped: readonly string[]
  readonly groups: readonly MeasuredGroup[]
}

const fileOf = (question: string) => join(benchRoot, 'results', `${question}.json`)

/** Reads the latest result; undefined when there is none. */
export function readResult(question: string): Result | undefined {
  const file = fileOf(question)
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Result) : undefined
}

/** Writes a result and replaces the previous one. */
export function writeResult(result: Result): void {
  mkdirSync(join(benchRoot, 'results'), { recursive: true })
  writeFileSync(fileOf(result.question), `${JSON.stringify(result, undefined, 2)}\n`)
}

/** Describes the machine, as far as it affects the figures. Call it before measuring, because it includes the current load. */
export function describeMachine(): string {
  const all = cpus()
  const busy = loadavg()[0] ?? 0
  return `${all.length} × ${all[0]?.model.trim() ?? 'unknown'}, ${process.platform}, Node ${process.versions.node}, load average ${busy.toFixed(1)} before`
}

/** Returns the median; NaN without values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 ? (sorted[half] ?? Number.NaN) : ((sorted[half - 1] ?? Number.NaN) + (sorted[half] ?? Number.NaN)) / 2
}

/** Returns the range of the values relative to the median. */
export const spread = (values: readonly number[]): number => (Math.max(...values) - Math.min(...values)) / median(values)

/** Collects the rounds of one row. */
export function gather(rounds: readonly Metrics[]): MeasuredRow['metrics'] {
  const rounded = (value: number) => Number(value.toPrecision(5))
  const names = new Set(rounds.flatMap((round) => Object.keys(round)))
  return Object.fromEntries(
    Array.from(names, (name) => [name, rounds.flatMap((round) => (name in round ? [rounded(round[name] ?? 0)] : []))]),
  )
}
