// The client of the soak test: follows the server and samples what it costs.
import { begin, heapUsed } from '../subjects/tools'
import { controlOf } from './control'
import { informerOf } from './informer'
import type { ClientState, Counts } from './subject'
import type { FinalState, ServerState } from './texts'

/** The task of a page or a process. */
export interface SoakTask {
  readonly url: string
  /** The script of a Worker that makes the requests; undefined for the main thread. */
  readonly worker?: string | undefined
  /** Whether the texts are packed. */
  readonly pack: boolean
  /** Whether the client is the control, which drops all data. */
  readonly isControl: boolean
}

/** The measurements since the previous sample. */
export interface Sample {
  /** Events since the start. */
  readonly events: number
  /** The number of events that the server is ahead. */
  readonly behind: number
  /**
   * The longest time between two ticks of a timer, in milliseconds. Browsers add 4 ms between ticks, and several tasks can run in between.
   */
  readonly pauseMs: number
  /** The share of time in which the measured thread was busy. */
  readonly busy: number
}

/** The result of a run. */
export interface Outcome extends Counts {
  /** Live heap with the complete state and at the end, in bytes. */
  readonly heap: readonly [before: number, after: number]
  /** The longest pause during some idle seconds, in milliseconds, which shows what the machine itself causes. */
  readonly idlePauseMs: number
  /** The state of the client; undefined for the control. */
  readonly client: ClientState | undefined
  readonly server: FinalState
}

const IDLE_MS = 5_000

const ask = async <R>(url: string): Promise<R> => (await fetch(url)).json()

/** A client that follows the server until it is stopped, and samples it. */
export interface Follower {
  /** Starts an interval. */
  begin(): Promise<void>
  /** Ends an interval. */
  sample(): Promise<Sample>
  finish(): Promise<Outcome>
}

/** Loads the state of the server, then lets it change. */
export async function follow({ url, worker, isControl, pack }: SoakTask): Promise<Follower> {
  const subject = await (isControl ? controlOf(url, worker ?? '') : informerOf(url, worker, pack))
  const { counts } = subject
  const before = await heapUsed()
  const idle = await begin('watch')
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
  const { watchPauseMs: idlePauseMs = 0 } = await idle.stop()
  let watching: Awaited<ReturnType<typeof begin>> | undefined
  return {
    async begin() {
      if (!watching) await ask(`${url}/go`)
      watching = await begin('watch')
    },
    async sample() {
      const { watchMs = 0, watchPauseMs = 0, watchCpuMs = 0 } = (await watching?.stop()) ?? {}
      const { events } = counts
      const { events: made } = await ask<ServerState>(`${url}/state`)
      return { events, behind: Math.max(0, made - events), pauseMs: watchPauseMs, busy: watchCpuMs / watchMs }
    },
    async finish() {
      const server = await ask<FinalState>(`${url}/stop`)
      await subject.reach(server.resourceVersion)
      const client = subject.state()
      const heap = [before, await heapUsed()] as const
      await subject.stop()
      return { ...counts, heap, idlePauseMs, client, server }
    },
  }
}
