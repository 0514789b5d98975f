import type { LoadKind } from '../load/collections'
import type { LoadFacts } from '../load/frames'

/** How ours reads what it keeps. */
export type Reading = 'nothing' | 'frame' | 'rows' | 'handler' | 'transform' | 'index' | 'schema'

/** What one process, or one page, is to measure. */
export interface Task extends LoadFacts {
  /** Who is measured: a key of the table in `main.ts`. */
  readonly subject: string
  /** The load's address. */
  readonly url: string
  readonly kind: LoadKind
  readonly path: string
  readonly objects: number
  readonly events: number
  /** What an earlier page of the same browser does before, for tasks that go on from there. */
  readonly before?: string | undefined
  /** Whether the state is stored; default: it is not. */
  readonly stored?: boolean | undefined
  /** How ours gets the first state; default `'stream'`. */
  readonly initialList?: 'stream' | 'list' | undefined
  /** Default `'nothing'`. */
  readonly reading?: Reading | undefined
}

/** What was measured, by name: milliseconds end in `Ms`. */
export type Metrics = Record<string, number>

/** One way to do what a task asks for. */
export type Subject = (task: Task) => Promise<Metrics>
