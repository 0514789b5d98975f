// One object as a component shows it.

import { objectKey } from '../api/keys'
import { nameSelector } from '../api/name-selector'
import type { KubeObject } from '../api/object'
import type { Resource } from '../api/resource'
import type { Entry } from '../codec/entry'
import { Listeners } from '../internal/listeners'
import { once } from '../internal/once'
import { Opaque } from '../internal/opaque'
import type { Readable } from '../view/readable'
import type { LiveFeed } from './feed'
import type { Feeds } from './feeds'
import { IDLE, type LiveStatus } from './status'

/** The name of an object. */
export interface ObjectName {
  readonly name: string
  /** Default: the namespace given to `createLive`. Cluster-scoped objects have none. */
  readonly namespace?: string | undefined
}

/** One object, and its status. Immutable. */
export interface LiveObject<T> extends LiveStatus {
  /** The object; undefined while it is not known, and where it is missing. */
  readonly entry: Entry<T> | undefined
  /** Whether the server has confirmed that there is no such object. */
  readonly isMissing: boolean
}

/** An object that can be read and observed. Nothing is requested before it has a listener. */
export interface LiveObjectReadable<T> extends Readable<LiveObject<T>> {
  readonly initial: LiveObject<T>
  /**
   * Resolves when it is known whether there is such an object, from storage or from the server.
   *
   * @throws the server's error when it denies access or lacks the resource.
   */
  whenReady(): Promise<void>
}

/** The object before anything has started. */
export const INITIAL_OBJECT: LiveObject<never> = Object.freeze({ entry: undefined, isMissing: false, ...IDLE })

/** Reads an object from a feed that has it, or watches it alone. */
export class FeedObject<T extends KubeObject> extends Opaque implements LiveObjectReadable<T> {
  readonly initial: LiveObject<T> = INITIAL_OBJECT
  readonly #feeds: Feeds
  readonly #resource: Resource<T>
  readonly #namespace: string
  readonly #name: string
  readonly #key: string
  readonly #listeners = new Listeners<LiveObject<T>>()
  #heard = 0
  #held: LiveFeed<T> | undefined
  #stop = () => {}
  #snapshot: LiveObject<T> = INITIAL_OBJECT
  #status: LiveStatus = IDLE

  constructor(feeds: Feeds, resource: Resource<T>, { name, namespace }: { readonly name: string; readonly namespace: string }) {
    super()
    this.#feeds = feeds
    this.#resource = resource
    this.#name = name
    this.#namespace = resource.scope === 'Cluster' ? '' : namespace
    this.#key = objectKey(this.#namespace, name)
  }

  get snapshot(): LiveObject<T> {
    const feed = this.#held ?? this.#find()
    const status = feed?.status ?? IDLE
    const entry = feed?.get(this.#key)
    if (status !== this.#status || entry !== this.#snapshot.entry) {
      this.#status = status
      const isMissing = entry === undefined && status.isReady && !status.isStale
      this.#snapshot = status === IDLE ? INITIAL_OBJECT : { ...status, entry, isMissing }
    }
    return this.#snapshot
  }

  readonly subscribe = (listener: (snapshot: LiveObject<T>) => void): (() => void) => {
    const leave = this.#listeners.add(listener)
    // The components of one commit subscribe one after the other: a list among them may have the object.
    if (++this.#heard === 1) queueMicrotask(() => this.#follow())
    return once(() => {
      leave()
      if (--this.#heard === 0) this.#rest()
    })
  }

  whenReady(): Promise<void> {
    return (this.#held ?? this.#start()).whenReady()
  }

  #find(): LiveFeed<T> | undefined {
    return this.#feeds.covering(this.#resource, this.#namespace) ?? this.#feeds.find(this.#resource, this.#alone)
  }

  #start(): LiveFeed<T> {
    return this.#find() ?? this.#feeds.start(this.#resource, this.#alone)
  }

  get #alone(): { readonly namespace: string; readonly fieldSelector: string } {
    return { namespace: this.#namespace, fieldSelector: nameSelector(this.#name) }
  }

  #follow(): void {
    if (this.#heard === 0 || this.#held) return
    const feed = this.#start()
    this.#held = feed
    const stops = [feed.hold(), feed.subscribeStatus(() => this.#look()), feed.subscribeKey(this.#key, () => this.#look())]
    this.#stop = () => {
      for (const stop of stops) stop()
    }
    this.#look()
  }

  #rest(): void {
    this.#stop()
    this.#stop = () => {}
    this.#held = undefined
  }

  #look(): void {
    const before = this.#snapshot
    if (this.snapshot !== before) this.#listeners.notify(this.snapshot)
  }
}
