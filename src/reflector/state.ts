// The list/watch protocol as a pure state machine: the state of a feed, and the next step after an event. Does no I/O and has no clock;
// `Reflector` is the loop around it. Modelled on client-go's `Reflector.ListAndWatchWithContext`; ARCHITECTURE.md explains the differences.

import type { Failure, FailureKind } from './failure'

/** The state of a feed between two attempts. */
export interface FeedState {
  /** client-go's LastSyncResourceVersion; the empty string before the first sync. */
  readonly resourceVersion: string
  /** The server rejected that version (too old, too new, or from another history). Lists request the newest version until one succeeds. */
  readonly versionRejected: boolean
  /** Whether initial states are streamed (KEP-3157) rather than listed. */
  readonly streaming: boolean
  /** The number of consecutive streams that ended before the initial state was complete. */
  readonly brokenStreams: number
  /** The number of consecutive server errors of watches. */
  readonly serverErrors: number
  /** The store's state was not read from the current server, which may have another history (a recreated or restored cluster). */
  readonly unconfirmed: boolean
  /** The last attempt read the complete state, so a watch that fails now has never been open. */
  readonly fresh: boolean
  /** Why the resource is listed periodically: the server does not watch it, or denies the watch. `false` while it is watched. */
  readonly polling: false | 'unwatchable' | 'denied'
  /** The number of periodic lists. */
  readonly polls: number
}

/** The three kinds of attempt. */
export type Attempt = 'list' | 'stream' | 'watch'

/** The next attempt and when to start it. */
export interface Step {
  readonly attempt: Attempt
  /** The version to start from, or the minimum version of a list; the empty string for the newest. */
  readonly resourceVersion: string
  /**
   * When to start. `'none'`: at once. `'next'`: at once, unless such steps follow each other too fast. `'backoff'`: after the next delay of
   * the backoff. `'long'`: after its maximum delay, because the failure will not be resolved soon. `'poll'`: after the poll interval.
   */
  readonly wait: 'none' | 'next' | 'backoff' | 'long' | 'poll'
  /** The minimum delay requested by the server, in milliseconds. */
  readonly retryAfterMs: number | undefined
  readonly reason: StepReason
}

/** The reason for a step. */
export type StepReason = FailureKind | 'start' | 'listed' | 'closed' | 'poll'

/** An event that changes the state of a feed. */
export type FeedEvent =
  /** The feed starts, with the version of its store (the empty string for none). */
  | { readonly type: 'started'; readonly resourceVersion: string }
  /** The store was replaced: a list or a streamed list is complete. */
  | { readonly type: 'replaced'; readonly resourceVersion: string; readonly source: 'list' | 'stream' }
  /** The watch is open, and the store's state is confirmed to be from the server's history. */
  | { readonly type: 'opened' }
  /** An event or a bookmark was applied. */
  | { readonly type: 'advanced'; readonly resourceVersion: string }
  | AttemptEnded

/** The end of an attempt, by a failure or normally. */
export interface AttemptEnded {
  readonly type: 'ended'
  readonly attempt: Attempt
  readonly failure: Failure | undefined
  /** The server accepted the request: its headers arrived. */
  readonly opened: boolean
  /** The attempt lasted less than a second and delivered no event. */
  readonly short: boolean
  /** The attempt was open, and delivered an event or a bookmark or lasted ten seconds: the server is healthy. */
  readonly stood: boolean
}

/** The number of consecutive broken streams after which the initial state is listed instead. */
export const MAX_BROKEN_STREAMS: number = 3
/** The number of consecutive server errors that are followed by another watch; then a list follows. */
export const MAX_SERVER_ERRORS: number = 3

/** Returns the state before the first attempt. */
export function initialState({ streaming }: { streaming: boolean }): FeedState {
  return {
    resourceVersion: '',
    versionRejected: false,
    streaming,
    brokenStreams: 0,
    serverErrors: 0,
    unconfirmed: false,
    fresh: false,
    polling: false,
    polls: 0,
  }
}

/** Returns the state after an event, and the next step when the event ends an attempt. */
export function transition(state: FeedState, event: FeedEvent): { state: FeedState; next?: Step } {
  switch (event.type) {
    case 'started': {
      const { resourceVersion } = event
      const started = { ...state, resourceVersion, unconfirmed: resourceVersion !== '' }
      return resourceVersion ? watch(started, 'start', 'none') : refill(started, 'start', 'none')
    }
    case 'replaced':
      return {
        state: {
          ...state,
          resourceVersion: event.resourceVersion,
          versionRejected: false,
          brokenStreams: 0,
          serverErrors: 0,
          unconfirmed: false,
          fresh: true,
        },
      }
    case 'advanced':
      return { state: { ...state, resourceVersion: event.resourceVersion, serverErrors: 0, fresh: false } }
    case 'opened':
      return { state: { ...state, unconfirmed: false, fresh: false, polling: false, polls: 0 } }
    case 'ended':
      return endings[event.attempt](state, event)
  }
}

interface Outcome {
  readonly state: FeedState
  readonly next: Step
}

const endings: Record<Attempt, (state: FeedState, ended: AttemptEnded) => Outcome> = {
  list(state, { failure }) {
    if (failure) return fillFailed(state, failure)
    if (!state.polling) return watch(state, 'listed', 'none')
    const polled = { ...state, polls: state.polls + 1 }
    return isRetryDue(polled) ? watch(polled, 'listed', 'none') : list(polled, 'poll', 'poll')
  },

  stream(state, { failure, opened }) {
    const kind = failure?.kind ?? 'closed'
    switch (kind) {
      case 'overtaken':
        // An intermediary that buffers streams will do so again.
        return watch({ ...state, streaming: false }, 'listed', 'none')
      case 'unwatchable':
      case 'refused':
      case 'denied':
      case 'stalled':
        // Servers without the feature answer 400, 403 or 422. If a list is denied too, it fails by itself.
        return refill({ ...state, streaming: false }, kind, 'none')
    }
    const broke = !failure || kind === 'server' || kind === 'malformed' || kind === 'stale' || (kind === 'connection' && opened)
    if (!broke) return fillFailed(state, failure)
    const brokenStreams = state.brokenStreams + 1
    if (brokenStreams < MAX_BROKEN_STREAMS) return refill({ ...state, brokenStreams }, kind, 'backoff', failure)
    // A stream that broke after it was accepted points to an intermediary, and will break again; an error response may be temporary.
    return list({ ...state, streaming: !opened, brokenStreams: 0 }, kind, 'backoff', failure)
  },

  watch(before, { failure, short, stood }) {
    const kind = failure?.kind ?? 'closed'
    // A watch that was tried again while polling.
    if (before.polling) return poll(before, kind)
    // The next server to answer may not be the one that knew this version, or may have been restored from a backup.
    const state = { ...before, unconfirmed: true }
    switch (kind) {
      case 'closed':
        if (stood) return watch(state, kind, 'next')
        return short ? refill(state, kind, 'backoff') : watch(state, kind, 'backoff')
      case 'connection':
      case 'throttled':
      case 'stale':
        return watch(state, kind, failure?.isUrgent ? 'next' : 'backoff', failure)
      case 'unwatchable':
        return poll(before, kind)
      case 'denied':
        // Permission to list without permission to watch: keep the listed state up to date by listing.
        if (before.fresh) return poll(before, kind)
        return watch(state, kind, 'long', failure)
      case 'unauthorized':
      case 'gone':
        return watch(state, kind, 'long', failure)
      case 'server': {
        const serverErrors = state.serverErrors + 1
        if (serverErrors <= MAX_SERVER_ERRORS) return watch({ ...state, serverErrors }, kind, 'backoff', failure)
        return refill({ ...state, serverErrors: 0 }, kind, 'backoff', failure)
      }
      case 'overtaken':
        return watch(before, 'listed', 'none')
      case 'other-history':
        return refill({ ...state, versionRejected: true }, kind, 'none')
      case 'too-large':
      case 'refused':
        return refill({ ...state, versionRejected: true }, kind, 'backoff')
      case 'relist':
        return list(state, kind, 'none')
      case 'expired':
      case 'malformed':
      case 'unreadable':
      case 'stalled':
        return refill(state, kind, failure?.isUrgent ? 'next' : 'backoff', failure)
    }
  },
}

/** Handles a list or stream that did not deliver a complete state. */
function fillFailed(state: FeedState, failure: Failure): Outcome {
  const { kind } = failure
  switch (kind) {
    case 'expired':
    case 'too-large':
      // Retry once immediately for the newest version. If that is rejected too, the server is unhealthy.
      return refill({ ...state, versionRejected: true }, kind, state.versionRejected ? 'backoff' : 'none', failure)
    case 'denied':
    case 'unauthorized':
    case 'gone':
      return refill(state, kind, 'long', failure)
    default:
      return refill(state, kind, 'backoff', failure)
  }
}

function refill(state: FeedState, reason: StepReason, wait: Step['wait'], failure?: Failure): Outcome {
  if (!state.streaming) return list(state, reason, wait, failure)
  const resourceVersion = state.versionRejected ? '' : state.resourceVersion
  return { state, next: { attempt: 'stream', resourceVersion, reason, wait, retryAfterMs: failure?.retryAfterMs } }
}

function list(state: FeedState, reason: StepReason, wait: Step['wait'], failure?: Failure): Outcome {
  // The first list accepts the server's cached state; later ones must not go back in time.
  const resourceVersion = state.versionRejected ? '' : state.resourceVersion || '0'
  return { state, next: { attempt: 'list', resourceVersion, reason, wait, retryAfterMs: failure?.retryAfterMs } }
}

/** Switches to periodic lists, or back to them. The first one starts at once when no complete state is known. */
function poll(state: FeedState, reason: StepReason): Outcome {
  const polling = state.polling || (reason === 'denied' ? 'denied' : 'unwatchable')
  return list({ ...state, polling, streaming: false }, reason, state.polling || state.fresh ? 'poll' : 'none')
}

/** A denied watch is tried again after 2, 4, 8, … lists: permission may have been granted. A server that does not watch is not asked again. */
function isRetryDue({ polling, polls }: FeedState): boolean {
  return polling === 'denied' && polls > 1 && (polls & (polls - 1)) === 0
}

function watch(state: FeedState, reason: StepReason, wait: Step['wait'], failure?: Failure): Outcome {
  const { resourceVersion } = state
  return { state, next: { attempt: 'watch', resourceVersion, reason, wait, retryAfterMs: failure?.retryAfterMs } }
}
