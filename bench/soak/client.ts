import { begin, heapUsed } from '../subjects/tools'
import { controlOf } from './control'
import { informerOf } from './informer'
import type { ClientState, Counts } from './subject'
import type { FinalState, ServerState } from './texts'

/** What a page or a process is told to do. */
export interface SoakTask {
  readonly url: string
  /** The script of a Worker that makes the requests; undefined: there is none. */
  readonly worker?: string | undefined
  /** Whether what comes is dropped. */
  readonly isControl: boolean
}

/** What was seen since the sample before. */
export interface Sample {
  /** Since the beginning. */
  readonly events: number
  /** How many events the server is ahead. */
  readonly behind: number
  /** The longest time between two ticks of a timer, in milliseconds: browsers let 4 of them pass by themselves, and several tasks may come between. */
  readonly pauseMs: number
  /** Part of the time in which the thread that was measured had something to do. */
  readonly busy: number
}

/** What came out in the end. */
export interface Outcome extends Counts {
  /** Of a heap without garbage, when everything was there, and in the end; in bytes. */
  readonly heap: readonly [before: number, after: number]
  /** The longest pause of some seconds in which nothing happened: what the machine itself is good for, in milliseconds. */
  readonly idlePauseMs: number
  /** Undefined for the control. */
  readonly client: ClientState | undefined
  readonly server: FinalState
}

const IDLE_MS = 5_000

const ask = async <R>(url: string): Promise<R> => (await fetch(url)).json()

/** A client that follows the server for as long as it is let, and counts what comes. */
export interface Follower {
  /** Begins a span of time. */
  begin(): Promise<void>
  /** Ends a span of time. */
  sample(): Promise<Sample>
  finish(): Promise<Outcome>
}

/** Takes everything the server has, and has it begin to change. */
export async function follow({ url, worker, isControl }: SoakTask): Promise<Follower> {
  const subject = await (isControl ? controlOf(url, worker ?? '') : informerOf(url, worker))
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
