// Gives the objects of a tab's stores to a new owner, one parcel at a time.

import type { KubeObject } from '../api/object'
import type { Entry } from '../codec/entry'
import { entryCells, inChunks } from '../worker/protocol'
import type { OwnerMessage, TabMessage } from './messages'

/** The complete state of a scope that a tab has. */
export interface EntryGiver {
  /** Whether the store has that scope, as the server sent it. */
  has(scope: string): boolean
  /** Returns the state; with the empty version before the tab has a state. */
  state(): { readonly entries: readonly Entry<KubeObject>[]; readonly resourceVersion: string }
}

/** Answers the questions of one owner. */
export class Giving {
  readonly #post: (message: TabMessage) => void
  readonly #givers: ReadonlySet<EntryGiver>
  readonly #waiting = new Map<number, () => void>()

  constructor(post: (message: TabMessage) => void, givers: ReadonlySet<EntryGiver>) {
    this.#post = post
    this.#givers = givers
  }

  /** Answers a question. Waits for each parcel to be acknowledged; an owner that has gone leaves the answer unfinished. */
  async give({ id, scope }: OwnerMessage & { type: 'ask' }): Promise<void> {
    const giver = [...this.#givers].find((each) => each.has(scope) && each.state().resourceVersion !== '')
    const { entries, resourceVersion } = giver?.state() ?? { entries: [], resourceVersion: '' }
    for (const parcel of inChunks(entries)) {
      const acknowledged = new Promise<void>((resolve) => this.#waiting.set(id, resolve))
      this.#post({ type: 'give', id, cells: parcel.flatMap((entry) => entryCells(entry)) })
      await acknowledged
    }
    this.#post({ type: 'given', id, resourceVersion })
  }

  /** Lets the next parcel of an answer go. */
  more(id: number): void {
    this.#waiting.get(id)?.()
    this.#waiting.delete(id)
  }
}
