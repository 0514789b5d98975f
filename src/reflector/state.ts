import type { Failure, FailureKind } from './failure'

/**
 * The list/watch protocol as a pure state machine: what a feed knows, and what it does next after an event. It does no I/O and
 * has no clock; `Reflector` is the loop around it.
 *
 * @see client-go `Reflector.ListAndWatchWithContext`; where it differs, ARCHITECTURE.md says why
 */

/** What a feed knows between two attempts. */
export interface FeedState {
  /** client-go's LastSyncResourceVersion; the empty string before the first sync. */
  readonly resourceVersion: string
  /** The server rejected that version (too old, too new, or of another history): lists ask for the newest until one succeeds. */
  readonly versionRejected: boolean
  /** Whether initial states are streamed (KEP-3157) rather than listed. */
  readonly streaming: boolean
  /** Streams in a row that ended before the initial state was complete. */
  readonly brokenStreams: number
  /** Server errors in a row on a watch. */
  readonly serverErrors: number
  /** The store's state was not read from the server that answers now: it may have another history (a recreated or restored cluster). */
  readonly unconfirmed: boolean
  /** The last attempt read the complete state: a watch that fails now was never open. */
  readonly fresh: boolean
  /** The server lists this resource and does not watch it: it is listed again and again instead. */
  readonly polling: boolean
}

/** The three ways to talk to a server. */
export type Attempt = 'list' | 'stream' | 'watch'

/** What to do next. */
export interface Step {
  readonly attempt: Attempt
  /** From, or at least at, which version; the empty string is the newest. */
  readonly resourceVersion: string
  /**
   * `'none'`: at once. `'next'`: at once unless such steps follow each other too fast. `'backoff'`: after the policy's next wait. `'long'`: after
   * its longest, because nothing will be better soon. `'poll'`: after the poll interval.
   */
  readonly wait: 'none' | 'next' | 'backoff' | 'long' | 'poll'
  /** At least this long, because the server asked for it, in milliseconds. */
  readonly retryAfterMs: number | undefined
  readonly reason: StepReason
}

/** Why a step is taken. */
export type StepReason = FailureKind | 'start' | 'listed' | 'closed' | 'poll'

/** What can happen to a feed. */
export type FeedEvent =
  /** The feed begins, with the version its store has (the empty string: none). */
  | { readonly type: 'started'; readonly resourceVersion: string }
  /** The store was replaced: a list, or a streamed one, is complete. */
  | { readonly type: 'replaced'; readonly resourceVersion: string; readonly source: 'list' | 'stream' }
  /** The watch is open, and the store's state is known to be of the server's history. */
  | { readonly type: 'opened' }
  /** An event or a bookmark was applied. */
  | { readonly type: 'advanced'; readonly resourceVersion: string }
  | AttemptEnded

/** An attempt is over, by a failure or by itself. */
export interface AttemptEnded {
  readonly type: 'ended'
  readonly attempt: Attempt
  readonly failure: Failure | undefined
  /** The server had accepted the request: its headers arrived. */
  readonly opened: boolean
  /** It lasted less than a second and brought no event. */
  readonly short: boolean
  /** It was open, and brought an event or a bookmark or lasted ten seconds: the server is well. */
  readonly stood: boolean
}

/** This many streams may break before the initial state is listed instead. */
export const MAX_BROKEN_STREAMS: number = 3
/** This many server errors in a row are met with another watch; then with a list. */
export const MAX_SERVER_ERRORS: number = 3

/** What a feed knows before it begins. */
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
  }
}

/** What is known after an event, and what to do next when the event ends an attempt. */
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
      return { state: { ...state, unconfirmed: false, fresh: false } }
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
    return state.polling ? list(state, 'poll', 'poll') : watch(state, 'listed', 'none')
  },

  stream(state, { failure, opened }) {
    const kind = failure?.kind ?? 'closed'
    switch (kind) {
      case 'overtaken':
        // What holds streams back will do so again.
        return watch({ ...state, streaming: false }, 'listed', 'none')
      case 'unwatchable':
      case 'refused':
      case 'denied':
      case 'stalled':
        // Servers without the feature answer 400, 403 or 422. If a list is denied too, it reports that itself.
        return refill({ ...state, streaming: false }, kind, 'none')
    }
    const broke = !failure || kind === 'server' || kind === 'malformed' || kind === 'stale' || (kind === 'connection' && opened)
    if (!broke) return fillFailed(state, failure)
    const brokenStreams = state.brokenStreams + 1
    if (brokenStreams < MAX_BROKEN_STREAMS) return refill({ ...state, brokenStreams }, kind, 'backoff', failure)
    // What broke after the server had accepted it is the way there, and will break again; an error instead may be the server's passing trouble.
    return list({ ...state, streaming: !opened, brokenStreams: 0 }, kind, 'backoff', failure)
  },

  watch(before, { failure, short, stood }) {
    const kind = failure?.kind ?? 'closed'
    // Whatever answers next may be another server than the one that knew this version, or the same restored from a backup.
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
        // Rights to list without the right to watch: what was just listed is kept up to date by listing.
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
        return refill(state, kind, 'backoff', failure)
    }
  },
}

/** A list or stream did not bring a complete state. */
function fillFailed(state: FeedState, failure: Failure): Outcome {
  const { kind } = failure
  switch (kind) {
    case 'expired':
    case 'too-large':
      // One retry at once for the newest version. If that is refused as well, the server is not well.
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
  // The first list takes what the server's cache has; later ones must not go back in time.
  const resourceVersion = state.versionRejected ? '' : state.resourceVersion || '0'
  return { state, next: { attempt: 'list', resourceVersion, reason, wait, retryAfterMs: failure?.retryAfterMs } }
}

/** From here on the collection is listed again and again; at once when nothing is known to be complete. */
function poll(state: FeedState, reason: StepReason): Outcome {
  return list({ ...state, polling: true, streaming: false }, reason, state.fresh ? 'poll' : 'none')
}

function watch(state: FeedState, reason: StepReason, wait: Step['wait'], failure?: Failure): Outcome {
  const { resourceVersion } = state
  return { state, next: { attempt: 'watch', resourceVersion, reason, wait, retryAfterMs: failure?.retryAfterMs } }
}
