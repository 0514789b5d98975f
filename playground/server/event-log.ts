// Records the Events of the fake cluster.
import { Event } from '../../src/resources/core/v1'
import type { FakeApiServer } from '../../src/testing'

/** What an Event reports. */
export interface Note {
  readonly regarding: {
    readonly kind: string
    readonly apiVersion: string
    readonly name: string
    /** Default: the object has no namespace, and its Events are in `default`. */
    readonly namespace?: string | undefined
    readonly uid?: string | undefined
  }
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
  readonly component: string
}

/** The number of Events that the server keeps: a real one drops them after an hour. */
export const MAX_EVENTS = 400
/** The number of notes between two calls of {@link EventLog.flush}; later ones push out the oldest. */
const MAX_NOTES = 100

/** Collects notes, and writes them as Events. */
export class EventLog {
  readonly #server: FakeApiServer
  readonly #kept: { readonly name: string; readonly namespace: string }[] = []
  readonly #now: () => number
  #notes: Note[] = []
  #made = 0

  /** @param now returns the time of a note, in milliseconds since the epoch. */
  constructor(server: FakeApiServer, { now }: { now: () => number }) {
    this.#server = server
    this.#now = now
  }

  /** Adds a note. */
  note(note: Note): void {
    this.#notes.push(note)
    if (this.#notes.length > MAX_NOTES) this.#notes.shift()
  }

  /** Discards the notes. */
  discard(): void {
    this.#notes = []
  }

  /** Creates the Events of all notes, and deletes the oldest beyond the bound. */
  flush(): void {
    for (const note of this.#notes) this.#write(note)
    this.discard()
    for (const oldest of this.#kept.splice(0, Math.max(0, this.#kept.length - MAX_EVENTS)))
      if (this.#server.get(Event, oldest)) this.#server.delete(Event, oldest)
  }

  #write({ regarding, type, reason, message, component }: Note): void {
    const { namespace = 'default', name } = regarding
    this.#made++
    const metadata = { name: `${name}.${this.#made.toString(16).padStart(8, '0')}`, namespace }
    const at = new Date(this.#now()).toISOString().replace(/\.\d+Z$/, 'Z')
    const source = { component }
    const times = { firstTimestamp: at, lastTimestamp: at }
    this.#server.create(Event, { metadata, involvedObject: regarding, type, reason, message, count: 1, source, ...times } as Event)
    this.#kept.push(metadata)
  }
}
