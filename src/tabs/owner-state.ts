// The role of a tab towards the owner of its feeds as a pure state machine: what is known of the owner, and what to do next.

/** The knowledge of a tab about the owner of its feeds. */
export type LinkState =
  /** Waits for the owner's greeting. */
  | (Common & { readonly type: 'connecting' })
  /** Uses the owner. */
  | (Common & {
      readonly type: 'joined'
      readonly owner: string
      readonly lock: string | undefined
      /** The generation to use when the owner is lost: a later one when another tab got no answer from it. */
      readonly next: number
    })
  /** The page is in the back/forward cache or frozen, and has no connection. */
  | (Common & { readonly type: 'paused' })
  /** There is no owner to use: the tab makes its own requests. */
  | { readonly type: 'alone'; readonly why: string }
  /** No informer of the tab needs the owner. */
  | { readonly type: 'closed' }

interface Common {
  /** The suffix of the owner's name: one more for each owner that was left because it hangs. */
  readonly generation: number
  /** Why there is no SharedWorker, so that one of the tabs leads; undefined with a SharedWorker. */
  readonly fallback: string | undefined
  /** The times of the last losses of an owner, in milliseconds since 1970; at most {@link LOSSES}. */
  readonly losses: readonly number[]
}

/** Something that happened to a tab or its owner. */
export type LinkEvent =
  /** The owner greeted: on each connection, and again when the browser has restarted it silently. */
  | { readonly type: 'hello'; readonly owner: string; readonly lock: string | undefined; readonly at: number }
  /** The lock that an owner holds until it dies was granted to the tab. */
  | { readonly type: 'lock-granted'; readonly lock: string; readonly at: number }
  /** The owner does not answer pings, or has not greeted in time. */
  | { readonly type: 'silent'; readonly at: number }
  /** The owner has ended by itself; `generation`: for the owner of that generation. */
  | { readonly type: 'ended'; readonly generation?: number | undefined; readonly at: number }
  /** No owner can be started here in the way that was tried. */
  | { readonly type: 'refused'; readonly why: string }
  /** Another tab got no answer from an owner, and has left it for the next name. */
  | { readonly type: 'moved'; readonly generation: number; readonly at: number }
  /** The page is closed, or enters the back/forward cache. */
  | { readonly type: 'hidden' }
  /** The page is frozen. A tab that leads makes room for another; a SharedWorker needs no room. */
  | { readonly type: 'frozen' }
  /** The page is back. */
  | { readonly type: 'shown' }
  | { readonly type: 'close' }

/** A step after an event, in the order given. */
export type LinkAction =
  /** Close the connection: every call fails, and is repeated with the next owner. */
  | 'drop'
  /** Tell the other tabs the new generation. */
  | 'announce'
  /** Ask the owner for a response, without which it is silent. */
  | 'probe'
  /** Connect to the owner of the state's generation. */
  | 'connect'
  /** Open a channel for calls to the owner that greeted. */
  | 'join'

/** The number of losses within {@link LOSS_WINDOW_MS} after which calls fail, so that a reflector's backoff applies. */
export const LOSSES: number = 3
/** The time within which losses are counted, in milliseconds. */
export const LOSS_WINDOW_MS: number = 10_000
/** The number of times that tabs leave an owner that hangs; after that they are alone. */
export const MAX_MOVES: number = 3

/** The result of {@link linkTransition}. */
export interface LinkStep {
  readonly state: LinkState
  readonly actions: readonly LinkAction[]
}

/** The state of a tab that has just started. */
export const CONNECTING: LinkState = { type: 'connecting', generation: 0, fallback: undefined, losses: [] }

/** Returns the state after an event, and what to do. */
export function linkTransition(state: LinkState, event: LinkEvent): LinkStep {
  if (state.type === 'alone' || state.type === 'closed') return event.type === 'close' ? ends({ type: 'closed' }) : stays(state)
  const { generation, losses, fallback } = state
  const lost = (at: number): Common => {
    return { generation: state.type === 'joined' ? state.next : generation, fallback, losses: lossesWith(losses, at) }
  }
  switch (event.type) {
    case 'hello': {
      if (state.type === 'paused' || (state.type === 'joined' && state.owner === event.owner)) return stays(state)
      const { owner, lock, at } = event
      const wasJoined = state.type === 'joined'
      const known = wasJoined ? lossesWith(losses, at) : losses
      const joined: LinkState = { type: 'joined', generation, fallback, losses: known, owner, lock, next: generation }
      return { state: joined, actions: wasJoined ? ['drop', 'join'] : ['join'] }
    }
    case 'lock-granted':
      return state.type === 'joined' && state.lock === event.lock ? reconnects(lost(event.at)) : stays(state)
    case 'ended': {
      if (state.type !== 'joined') return stays(state)
      const common = lost(event.at)
      return reconnects({ ...common, generation: Math.max(common.generation, event.generation ?? 0) })
    }
    case 'silent':
      // An owner that died silently is replaced under its name. One that hangs keeps its name and does not greet.
      if (state.type === 'joined') return reconnects(lost(event.at))
      return state.type === 'connecting' ? moves(lost(event.at)) : stays(state)
    case 'moved':
      if (event.generation <= generation || event.generation > MAX_MOVES) return stays(state)
      if (state.type === 'paused') return stays({ ...state, generation: event.generation })
      // The other tab's own connection may be what is broken.
      if (state.type === 'joined') return { state: { ...state, next: Math.max(state.next, event.generation) }, actions: ['probe'] }
      return reconnects({ ...lost(event.at), generation: event.generation })
    case 'refused':
      if (state.type !== 'connecting') return stays(state)
      if (fallback !== undefined) return ends({ type: 'alone', why: fallback === event.why ? fallback : `${fallback}; ${event.why}` })
      return reconnects({ generation: 0, fallback: event.why, losses })
    case 'hidden':
    case 'frozen':
      return state.type === 'paused' || (event.type === 'frozen' && fallback === undefined)
        ? stays(state)
        : { state: { type: 'paused', generation, fallback, losses }, actions: ['drop'] }
    case 'shown':
      return state.type === 'paused' ? { state: { type: 'connecting', generation, fallback, losses }, actions: ['connect'] } : stays(state)
    case 'close':
      return ends({ type: 'closed' })
  }
}

/** Whether owners are lost so often that calls should fail and wait. */
export function isTroubled(state: LinkState, now: number): boolean {
  return 'losses' in state && recent(state.losses, now).length >= LOSSES
}

const stays = (state: LinkState): LinkStep => ({ state, actions: [] })
const ends = (state: LinkState): LinkStep => ({ state, actions: ['drop'] })

const reconnects = (common: Common): LinkStep => ({ state: { ...common, type: 'connecting' }, actions: ['drop', 'connect'] })

function moves({ generation, ...common }: Common): LinkStep {
  if (generation === MAX_MOVES) return ends({ type: 'alone', why: `${MAX_MOVES + 1} owners in a row did not respond` })
  return { state: { ...common, type: 'connecting', generation: generation + 1 }, actions: ['drop', 'announce', 'connect'] }
}

const recent = (losses: readonly number[], now: number): number[] => losses.filter((at) => now - at < LOSS_WINDOW_MS)
const lossesWith = (losses: readonly number[], at: number): readonly number[] => [...recent(losses, at), at].slice(-LOSSES)
