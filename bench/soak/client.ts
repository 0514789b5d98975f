import { createInformer, KubeClient } from 'kubeflect'
import { Pod } from 'kubeflect/resources/core/v1'
import { begin, heapUsed } from '../subjects/tools'
import { digestOf, type FinalState, type ServerState } from './texts'

/** What a page or a process is told to do. */
export interface SoakTask {
  readonly url: string
  /** The script of a Worker that makes the requests; undefined: there is none. */
  readonly worker?: string | undefined
}

/** What was seen since the sample before. */
export interface Sample {
  /** Since the beginning. */
  readonly events: number
  /** How many events the server is ahead. */
  readonly behind: number
  /** The longest time a timer of 1 ms had to wait, in milliseconds. */
  readonly pauseMs: number
  /** Part of the time in which the thread that was measured had something to do. */
  readonly busy: number
}

/** What came out in the end. */
export interface Outcome {
  readonly events: number
  /** Versions that no event was seen of, or that came twice or out of order. */
  readonly lost: number
  /** States that came as a whole, after the first one. */
  readonly relists: number
  readonly errors: number
  /** Of a heap without garbage, when everything was there, and in the end; in bytes. */
  readonly heap: readonly [before: number, after: number]
  /** The longest pause of some seconds in which nothing happened: what the machine itself is good for, in milliseconds. */
  readonly idlePauseMs: number
  readonly client: { readonly objects: number; readonly digest: number; readonly resourceVersion: string }
  readonly server: FinalState
}

const IDLE_MS = 5_000

const ask = async <R>(url: string): Promise<R> => (await fetch(url)).json()

/** A client that follows the server for as long as it is let, and counts what comes. */
export interface Follower {
  /** Ends a span of time, and begins the next one. */
  sample(): Promise<Sample>
  finish(): Promise<Outcome>
}

/** Takes everything the server has, and has it begin to change. */
export async function follow({ url, worker }: SoakTask): Promise<Follower> {
  let [events, lost, relists, errors] = [0, 0, 0, 0]
  const script = worker && URL.createObjectURL(new Blob([worker], { type: 'text/javascript' }))
  const informer = createInformer(new KubeClient({ baseUrl: url }), Pod, {
    ...(script && { worker: () => new Worker(script) }),
    onError(error) {
      errors++
      console.error(error)
    },
  })
  await informer.whenSynced()
  let last = Number(informer.indexer.resourceVersion)
  informer.indexer.subscribe(({ type, changes, resourceVersion }) => {
    if (type === 'replace') {
      relists++
      last = Number(resourceVersion)
      return
    }
    for (const { entry } of changes) {
      const version = Number(entry.resourceVersion)
      events++
      lost += Math.abs(version - last - 1)
      last = version
    }
  })
  const before = await heapUsed()
  const idle = await begin('watch')
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
  const { watchPauseMs: idlePauseMs = 0 } = await idle.stop()
  await ask(`${url}/go`)
  let watching = await begin('watch')
  return {
    async sample() {
      const { watchMs = 0, watchPauseMs = 0, watchCpuMs = 0 } = await watching.stop()
      const { events: made } = await ask<ServerState>(`${url}/state`)
      const sample = { events, behind: Math.max(0, made - events), pauseMs: watchPauseMs, busy: watchCpuMs / watchMs }
      watching = await begin('watch')
      return sample
    },
    async finish() {
      await watching.stop()
      const server = await ask<FinalState>(`${url}/stop`)
      await informer.waitForResourceVersion(server.resourceVersion)
      const { indexer } = informer
      const texts = function* () {
        for (const entry of indexer.list()) yield entry.text
      }
      const client = { objects: indexer.size, digest: digestOf(texts()), resourceVersion: indexer.resourceVersion }
      const heap = [before, await heapUsed()] as const
      await informer.stop()
      return { events, lost, relists, errors, heap, idlePauseMs, client, server }
    },
  }
}
