// What an attempt reads from its surroundings, and what it yields to the reflector.

import type { Entry } from '../codec/entry'
import type { Clock } from '../internal/clock'
import type { ListerWatcher } from '../source/lister-watcher'
import type { EntryChange, ReflectorEvent } from './options'
import type { Attempt, FeedState, Step } from './state'

/** The surroundings of an attempt. An attempt changes none of it; its results are the {@link AttemptOutput} that it yields. */
export interface AttemptDeps<T> {
  readonly source: ListerWatcher<T>
  readonly clock: Clock
  /** Returns a number from 0 to 1, excluding 1. */
  readonly random: () => number
  /** The number of objects per page of a list; undefined for a single response. */
  readonly pageSize: number | undefined
  /** The silence of a watch, in milliseconds, after which a probe asks the server; 0 for never. */
  readonly proofIntervalMs: number | undefined
  /** The maximum silence of a watch, in milliseconds; undefined for the defaults. */
  readonly silenceMs: number | undefined
  /** Whether to yield parts of the initial state as they arrive. */
  readonly wantsArrivals: boolean
  /** Returns why an entry is not expected; undefined when it is. @throws ParseError when it has to be parsed and cannot be. */
  refusal(entry: Entry<T>): unknown
  /** Returns the key under which the store keeps an entry. */
  keyOf(entry: Entry<T>): string
  /** Returns the store's entries, to compare them with a server's history; undefined for a store that cannot list them. */
  known(): readonly Entry<T>[] | undefined
  /** Reports bytes and probes; undefined without a listener. */
  readonly emit: ((event: ReflectorEvent) => void) | undefined
}

/** The start of an attempt: its step, and what earlier attempts have learned. */
export interface AttemptStart {
  readonly step: Step
  readonly feed: FeedState
  /** Whether this server has ever sent a bookmark. */
  readonly hasBookmarks: boolean
  /** Whether the server has confirmed or delivered the store's state before. */
  readonly hasSynced: boolean
  /** Whether the store keeps every object of the collection, as far as known. */
  readonly isComplete: boolean
}

/** A result of an attempt, in the order of the wire. */
export type AttemptOutput<T> =
  /** The server accepted the streamed list or the watch: its headers arrived, or the streamed list became a watch. */
  | { readonly type: 'accepted'; readonly attempt: Exclude<Attempt, 'list'> }
  /** The watch delivers the changes that follow the store's state. */
  | { readonly type: 'opened' }
  /** A part of the initial state; `before` is the number of entries in earlier parts. */
  | { readonly type: 'arrived'; readonly entries: readonly Entry<T>[]; readonly before: number }
  /** The complete state. */
  | {
      readonly type: 'replaced'
      readonly entries: readonly Entry<T>[]
      readonly resourceVersion: string
      readonly source: 'list' | 'stream'
      readonly bytes: number
      readonly durationMs: number
    }
  | { readonly type: 'changed'; readonly changes: readonly EntryChange<T>[]; readonly resourceVersion: string }
  | { readonly type: 'bookmark'; readonly resourceVersion: string }
  /** A bookmark without a version, which is ignored. */
  | { readonly type: 'unversioned' }
  /** An object that cannot be kept. */
  | { readonly type: 'skipped'; readonly error: unknown }
