import type { Checkout } from './build.ts'
import type { MeasuredGroup } from './results.ts'

/** How thoroughly a question is asked. */
export interface Mode {
  readonly rounds: number
  /** Smaller numbers of objects, and fewer of them: to see whether something has changed, not for a report. */
  readonly quick: boolean
  /** Another checkout of this repository, measured beside this one. */
  readonly against: Checkout | undefined
}

/** A column of a question's tables. */
export interface Column {
  readonly title: string
  /** What it shows: the name of a metric. */
  readonly metric: string
  /** `'ratio'` is to the same metric of the reference, in the same runtime or else in Node; beside it half the distance between the row's extremes. */
  readonly show: 'ratio' | 'ms' | 'MB' | 'kB' | 'percent' | 'number'
  /** The row that a ratio is to. */
  readonly reference?: string
}

/** One question, and how it is answered. */
export interface Question {
  /** What it is called on the command line. */
  readonly name: string
  readonly title: string
  /** What is measured, and how the table is to be read. */
  readonly text: string
  readonly columns: readonly Column[]
  measure(mode: Mode): Promise<{ readonly groups: readonly MeasuredGroup[]; readonly skipped?: readonly string[] }>
}
