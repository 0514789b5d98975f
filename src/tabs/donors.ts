// Asks tabs, one after the other, for the objects that a new owner lacks.

import type { KubeObject } from '../api/object'
import type { Entry } from '../codec/entry'
import type { Clock } from '../internal/clock'
import { ReceivedTemplates } from '../worker/page/received-templates'
import { entriesOf } from '../worker/protocol'
import type { OwnerMessage, TabMessage } from './messages'

/** The state of a scope that a tab gave. */
export interface GivenState {
  readonly entries: readonly Entry<KubeObject>[]
  readonly resourceVersion: string
}

/** Yields the states of tabs, one after the other, until the caller has one that it can use. */
export type EntryDonor = (signal: AbortSignal) => AsyncIterable<GivenState>

/** The time a tab may take for the next parcel, in milliseconds; then the next tab is asked. */
const PARCEL_MS = 500

/** A question to a tab that has not been answered completely. */
interface Question {
  /** Called with each message of the tab, and with undefined when it has ended. */
  take(message: (TabMessage & { type: 'give' | 'given' }) | undefined): void
}

/** The questions to one tab. */
export class Questions {
  readonly #post: (message: OwnerMessage) => void
  readonly #clock: Clock
  readonly #open = new Map<number, Question>()
  #count = 0

  constructor(post: (message: OwnerMessage) => void, clock: Clock) {
    this.#post = post
    this.#clock = clock
  }

  /** Asks for the state of a scope. Resolves with undefined when the tab has none, is too slow, or has ended. */
  ask(scope: string, signal: AbortSignal): Promise<GivenState | undefined> {
    const id = ++this.#count
    const entries: Entry<KubeObject>[] = []
    const templates = new ReceivedTemplates().forRequest()
    return new Promise((resolve) => {
      let timer: unknown
      const end = (state?: GivenState) => {
        this.#clock.clearTimeout(timer)
        signal.removeEventListener('abort', stop)
        this.#open.delete(id)
        resolve(state)
      }
      const stop = () => end()
      const wait = () => {
        this.#clock.clearTimeout(timer)
        timer = this.#clock.setTimeout(stop, PARCEL_MS)
      }
      const take: Question['take'] = (message) => {
        if (!message) return end()
        if (message.type === 'given')
          return end(message.resourceVersion ? { entries, resourceVersion: message.resourceVersion } : undefined)
        for (const entry of entriesOf<KubeObject>(message.cells, templates)) entries.push(entry)
        this.#post({ type: 'more', id })
        wait()
      }
      this.#open.set(id, { take })
      signal.addEventListener('abort', stop)
      if (signal.aborted) return stop()
      wait()
      this.#post({ type: 'ask', id, scope })
    })
  }

  /** Takes a part of an answer. One that comes too late is ignored. */
  take(message: TabMessage & { type: 'give' | 'given' }): void {
    this.#open.get(message.id)?.take(message)
  }

  /** Ends all questions: the tab has gone. */
  close(): void {
    for (const question of [...this.#open.values()]) question.take(undefined)
  }
}
