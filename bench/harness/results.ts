import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import type { Metrics } from '../subjects/task.ts'
import { benchRoot } from './build.ts'
import type { Runtime } from './subject.ts'

/** All that was measured for one row of a table, one value a round. */
export interface MeasuredRow {
  readonly name: string
  readonly runtime: Runtime | 'Bundle'
  readonly metrics: Readonly<Record<string, readonly number[]>>
}

/** Rows that can be compared: they had the same load. */
export interface MeasuredGroup {
  readonly title: string
  readonly rows: readonly MeasuredRow[]
}

/** The answer to one question. */
export interface Result {
  readonly question: string
  readonly rounds: number
  readonly machine: string
  /** Peers that were left out, and why. */
  readonly skipped: readonly string[]
  readonly groups: readonly MeasuredGroup[]
}

const fileOf = (question: string) => join(benchRoot, 'results', `${question}.json`)

/** The answer that was written last; undefined when there is none. */
export function readResult(question: string): Result | undefined {
  const file = fileOf(question)
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Result) : undefined
}

/** Writes an answer, in place of the one before. */
export function writeResult(result: Result): void {
  mkdirSync(join(benchRoot, 'results'), { recursive: true })
  writeFileSync(fileOf(result.question), `${JSON.stringify(result, undefined, 2)}\n`)
}

/** What the figures are measured on, as far as it matters for comparing them: to be asked before, since what else the machine does shows then. */
export function describeMachine(): string {
  const all = cpus()
  const busy = loadavg()[0] ?? 0
  return `${all.length} × ${all[0]?.model.trim() ?? 'unknown'}, ${process.platform}, Node ${process.versions.node}, load average ${busy.toFixed(1)} before`
}

/** The value in the middle; NaN when there is none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 ? (sorted[half] ?? Number.NaN) : ((sorted[half - 1] ?? Number.NaN) + (sorted[half] ?? Number.NaN)) / 2
}

/** How far the values are apart, as a part of the one in the middle. */
export const spread = (values: readonly number[]): number => (Math.max(...values) - Math.min(...values)) / median(values)

/** Gathers the rounds of one row. */
export function gather(rounds: readonly Metrics[]): MeasuredRow['metrics'] {
  const rounded = (value: number) => Number(value.toPrecision(5))
  const names = new Set(rounds.flatMap((round) => Object.keys(round)))
  return Object.fromEntries(
    Array.from(names, (name) => [name, rounds.flatMap((round) => (name in round ? [rounded(round[name] ?? 0)] : []))]),
  )
}
