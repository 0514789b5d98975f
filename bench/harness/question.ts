// The types of questions and their tables.
import type { Checkout } from './build.ts'
import type { MeasuredGroup } from './results.ts'

/** The thoroughness of a measurement. */
export interface Mode {
  readonly rounds: number
  /** Measures fewer and smaller loads: enough to notice a change, not for a report. */
  readonly quick: boolean
  /** Another checkout of this repository to compare with. */
  readonly against: Checkout | undefined
}

/** A column of a question's tables. */
export interface Column {
  readonly title: string
  /** The name of the metric. */
  readonly metric: string
  /**
   * The format. `'ratio'` divides by the same metric of the reference, in the same runtime or else in Node, and adds half the range of the
   * row.
   */
  readonly show: 'ratio' | 'ms' | 'MB' | 'kB' | 'percent' | 'number'
  /** The reference row of a ratio. */
  readonly reference?: string
}

/** A question and its measurement. */
export interface Question {
  /** The name on the command line. */
  readonly name: string
  readonly title: string
  /** Explains the measurement and how to read the table. */
  readonly text: string
  readonly columns: readonly Column[]
  measure(mode: Mode): Promise<{ readonly groups: readonly MeasuredGroup[]; readonly skipped?: readonly string[] }>
}
