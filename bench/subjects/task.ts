// The types of tasks and subjects.
import type { LoadKind } from '../load/collections'
import type { LoadFacts } from '../load/frames'

/** The way in which kubeflect's cache is read. */
export type Reading = 'nothing' | 'frame' | 'fields' | 'rows' | 'handler' | 'transform' | 'index' | 'schema'

/** The task of one process or page. */
export interface Task extends LoadFacts {
  /** The subject: a key of the table in `main.ts`. */
  readonly subject: string
  /** The address of the load. */
  readonly url: string
  readonly kind: LoadKind
  readonly path: string
  readonly objects: number
  readonly events: number
  /** The preparation in an earlier page of the same browser, for tasks that continue from there. */
  readonly before?: string | undefined
  /** Whether kubeflect packs texts; default false. */
  readonly pack?: boolean | undefined
  /** The script of a Worker that makes the requests; default: the main thread makes them. */
  readonly worker?: string | undefined
  /** Whether the state is persisted; default false. */
  readonly stored?: boolean | undefined
  /** The way in which kubeflect loads the initial state; default `'stream'`. */
  readonly initialList?: 'stream' | 'list' | undefined
  /** The way in which the cache is read; default `'nothing'`. */
  readonly reading?: Reading | undefined
}

/** The measurements by name; names of milliseconds end in `Ms`. */
export type Metrics = Record<string, number>

/** A way to perform a task. */
export type Subject = (task: Task) => Promise<Metrics>
