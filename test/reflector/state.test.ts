import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Failure, FailureKind } from '../../src/reflector/failure'
import {
  type Attempt,
  type AttemptEnded,
  type FeedEvent,
  type FeedState,
  initialState,
  MAX_BROKEN_STREAMS,
  MAX_SERVER_ERRORS,
  type Step,
  transition,
} from '../../src/reflector/state'

const error = new Error('no')
const failed = (
  attempt: Attempt,
  kind: FailureKind,
  { opened = false, retryAfterMs }: { opened?: boolean; retryAfterMs?: number } = {},
): AttemptEnded => ({
  type: 'ended',
  attempt,
  failure: { kind, error, retryAfterMs },
  opened,
  short: false,
  stood: false,
})
const ended = (attempt: Attempt, { short = false, stood = false }: { short?: boolean; stood?: boolean } = {}): AttemptEnded => ({
  type: 'ended',
  attempt,
  failure: undefined,
  opened: true,
  short,
  stood,
})

/** A feed that has synced at version 5 and lists rather than streams, unless told otherwise. */
const feed = (fields: Partial<FeedState> = {}): FeedState => ({ ...initialState({ streaming: false }), resourceVersion: '5', ...fields })
/** `attempt@version wait`, and how long the server asked to wait. */
const written = ({ attempt, resourceVersion, wait, retryAfterMs }: Step) =>
  `${attempt}@${JSON.stringify(resourceVersion)} ${wait}${retryAfterMs === undefined ? '' : ` ≥${retryAfterMs}`}`

/** The steps that several events lead to. */
function play(state: FeedState, ...events: FeedEvent[]): { state: FeedState; steps: string[] } {
  const steps: string[] = []
  let now = state
  for (const event of events) {
    const { state: after, next } = transition(now, event)
    now = after
    if (next) steps.push(written(next))
  }
  return { state: now, steps }
}
const stepAfter = (state: FeedState, ...events: FeedEvent[]) => play(state, ...events).steps.at(-1)

describe('the step after a failed attempt', () => {
  // Total: the compiler knows every attempt and every kind of failure.
  const table: Record<Attempt, Record<FailureKind, string>> = {
    list: {
      expired: 'list@"" none',
      'too-large': 'list@"" none',
      throttled: 'list@"5" backoff',
      server: 'list@"5" backoff',
      denied: 'list@"5" long',
      unauthorized: 'list@"5" long',
      gone: 'list@"5" long',
      refused: 'list@"5" backoff',
      connection: 'list@"5" backoff',
      malformed: 'list@"5" backoff',
      stale: 'list@"5" backoff',
      unreadable: 'list@"5" backoff',
      relist: 'list@"5" backoff',
      'other-history': 'list@"5" backoff',
      stalled: 'list@"5" backoff',
      overtaken: 'list@"5" backoff',
      unwatchable: 'list@"5" backoff',
    },
    stream: {
      expired: 'stream@"" none',
      'too-large': 'stream@"" none',
      throttled: 'stream@"5" backoff',
      server: 'stream@"5" backoff',
      denied: 'list@"5" none',
      unauthorized: 'stream@"5" long',
      gone: 'stream@"5" long',
      refused: 'list@"5" none',
      connection: 'stream@"5" backoff',
      malformed: 'stream@"5" backoff',
      stale: 'stream@"5" backoff',
      unreadable: 'stream@"5" backoff',
      relist: 'stream@"5" backoff',
      'other-history': 'stream@"5" backoff',
      stalled: 'list@"5" none',
      overtaken: 'watch@"5" none',
      unwatchable: 'list@"5" none',
    },
    watch: {
      expired: 'list@"5" backoff',
      'too-large': 'list@"" backoff',
      throttled: 'watch@"5" backoff',
      server: 'watch@"5" backoff',
      denied: 'watch@"5" long',
      unauthorized: 'watch@"5" long',
      gone: 'watch@"5" long',
      refused: 'list@"" backoff',
      connection: 'watch@"5" backoff',
      malformed: 'list@"5" backoff',
      stale: 'watch@"5" backoff',
      unreadable: 'list@"5" backoff',
      relist: 'list@"5" none',
      'other-history': 'list@"" none',
      stalled: 'list@"5" backoff',
      overtaken: 'watch@"5" none',
      unwatchable: 'list@"5" none',
    },
  }
  const rows = Object.entries(table).flatMap(([attempt, steps]) =>
    Object.entries(steps).map(([kind, step]) => [attempt as Attempt, kind as FailureKind, step] as const),
  )

  it.each(rows)('a %s that fails as %s is followed by %s', (attempt, kind, step) => {
    const { state, next } = transition(feed({ streaming: attempt === 'stream' }), failed(attempt, kind))
    expect(next && written(next)).toBe(step)
    expect(next?.reason).toBe(kind === 'overtaken' && attempt !== 'list' ? 'listed' : kind)
    expect(state.resourceVersion).toBe('5')
  })
})

describe('what comes next when an attempt has ended by itself', () => {
  it.each([
    ['[list/start-version] a list', feed(), ended('list'), 'watch@"5" none'],
    ['[watch/closed] a watch of less than a second without an event', feed(), ended('watch', { short: true }), 'list@"5" backoff'],
    ['[watch/closed] a longer watch', feed(), ended('watch'), 'watch@"5" backoff'],
    ['[watch/backoff] a healthy watch', feed(), ended('watch', { stood: true }), 'watch@"5" next'],
    ['[feed/polling] a list of a resource that cannot be watched', feed({ polling: 'unwatchable' }), ended('list'), 'list@"5" poll'],
    ['[stream/cut-early] a stream before its bookmark', feed({ streaming: true }), ended('stream'), 'stream@"5" backoff'],
  ])('%s, when it ends by itself, determines the next step', (_what, state, event, step) => {
    expect(stepAfter(state, event)).toBe(step)
  })
})

describe('the first step', () => {
  it.each([
    ['[list/start-version] a list at "0" without a version', false, '', 'list@"0" none'],
    ['[stream/initial-state] a streamed list of the newest state without a version', true, '', 'stream@"" none'],
    ['[resume/hydrate] a watch without a list at a hydrated version', true, '5', 'watch@"5" none'],
  ])('%s is the first step', (_what, streaming, resourceVersion, step) => {
    expect(stepAfter(initialState({ streaming }), { type: 'started', resourceVersion })).toBe(step)
  })
})

describe('by the cases of list and watch', () => {
  it('[watch/410-gone] relists at the last version after a 410 to the watch, and at "" only when that is refused too', () => {
    expect(play(feed(), failed('watch', 'expired'), failed('list', 'expired')).steps).toEqual(['list@"5" backoff', 'list@"" none'])
  })

  it('[list/410-gone] retries a list once at "" after a 410, and clears the flag on the next success', () => {
    const { state, steps } = play(
      feed(),
      failed('list', 'expired'),
      failed('list', 'server'),
      failed('list', 'expired'),
      { type: 'replaced', resourceVersion: '9', source: 'list' },
      ended('list'),
      failed('watch', 'malformed'),
    )
    expect(steps).toEqual(['list@"" none', 'list@"" backoff', 'list@"" backoff', 'watch@"9" none', 'list@"9" backoff'])
    expect(state.versionRejected).toBe(false)
  })

  it('[list/version-too-large] retries a list once at "" when the version is too large', () => {
    expect(play(feed(), failed('list', 'too-large'), failed('list', 'too-large')).steps).toEqual(['list@"" none', 'list@"" backoff'])
  })

  it.each(['refused', 'denied'] as const)(
    '[stream/refused] lists in the same cycle when a streamed list is %s, and remembers it',
    (kind) => {
      const { steps } = play(
        feed({ streaming: true, resourceVersion: '' }),
        failed('stream', kind),
        failed('list', 'server'),
        { type: 'replaced', resourceVersion: '7', source: 'list' },
        ended('list'),
        failed('watch', 'expired'),
      )
      expect(steps).toEqual(['list@"0" none', 'list@"0" backoff', 'watch@"7" none', 'list@"7" backoff'])
    },
  )

  it('[stream/refused] lists after several streams in a row that closed without the bookmark, and remembers it', () => {
    const closings = Array.from({ length: MAX_BROKEN_STREAMS }, () => ended('stream'))
    const { state, steps } = play(feed({ streaming: true }), ...closings)
    expect(steps).toEqual([...Array.from({ length: MAX_BROKEN_STREAMS - 1 }, () => 'stream@"5" backoff'), 'list@"5" backoff'])
    expect(state.streaming).toBe(false)
  })

  it('[stream/refused] lists once after several streams in a row that ended with server errors, and streams again later', () => {
    const errors = Array.from({ length: MAX_BROKEN_STREAMS }, () => failed('stream', 'server'))
    const { state, steps } = play(feed({ streaming: true }), ...errors)
    expect(steps.at(-1)).toBe('list@"5" backoff')
    expect(state).toMatchObject({ streaming: true, brokenStreams: 0 })
  })

  it('[stream/refused] a stream that reaches its bookmark clears the count of broken streams', () => {
    const { state } = play(
      feed({ streaming: true }),
      ended('stream'),
      ended('stream'),
      { type: 'replaced', resourceVersion: '6', source: 'stream' },
      failed('watch', 'expired'),
      ended('stream'),
    )
    expect(state).toMatchObject({ streaming: true, brokenStreams: 1 })
  })

  it('[resume/future-version] a hydrated version stays unconfirmed until the server proves its history or delivers a state', () => {
    const hydrated = play(initialState({ streaming: true }), { type: 'started', resourceVersion: '5' }).state
    expect(hydrated.unconfirmed).toBe(true)
    expect(play(hydrated, { type: 'advanced', resourceVersion: '6' }).state.unconfirmed).toBe(true)
    const proofs: FeedEvent[] = [{ type: 'opened' }, { type: 'replaced', resourceVersion: '6', source: 'list' }]
    for (const proof of proofs) expect(play(hydrated, proof).state.unconfirmed).toBe(false)
  })

  it('[resume/future-version] the version is unconfirmed again after a watch ends, because another or a restored server may answer next', () => {
    for (const end of [ended('watch'), failed('watch', 'connection'), failed('watch', 'server')])
      expect(play(feed(), end).state.unconfirmed).toBe(true)
  })

  it('[resume/other-history] reads the newest state at once when a server with another history answers', () => {
    expect(stepAfter(feed(), failed('watch', 'other-history'))).toBe('list@"" none')
  })

  it('[feed/polling] polls with lists and without a watch when a watch is refused right after a list', () => {
    const listed: FeedEvent = { type: 'replaced', resourceVersion: '6', source: 'list' }
    for (const kind of ['unwatchable', 'denied'] as const) {
      const { steps } = play(feed(), listed, ended('list'), failed('watch', kind), listed, ended('list'))
      expect(steps).toEqual(['watch@"6" none', 'list@"6" poll', 'list@"6" poll'])
    }
  })

  it('[feed/polling] tries a denied watch again after 2, 4, 8, … lists, and leaves polling when it opens', () => {
    const listed: FeedEvent = { type: 'replaced', resourceVersion: '6', source: 'list' }
    const denied = (polls: number) => feed({ resourceVersion: '6', polling: 'denied', polls, fresh: true })
    const next = (polls: number) => stepAfter(denied(polls), listed, ended('list'))
    expect([0, 1, 2, 3, 4, 7].map(next)).toEqual([
      'list@"6" poll',
      'watch@"6" none',
      'list@"6" poll',
      'watch@"6" none',
      'list@"6" poll',
      'watch@"6" none',
    ])
    expect(stepAfter(denied(2), failed('watch', 'denied'))).toBe('list@"6" poll')
    expect(play(denied(2), { type: 'opened' }).state).toMatchObject({ polling: false, polls: 0 })
    expect(stepAfter(feed({ polling: 'unwatchable', polls: 1 }), listed, ended('list'))).toBe('list@"6" poll')
  })

  it('[resume/future-version] lists the newest state when the version turns out to be from the future', () => {
    expect(stepAfter(feed({ unconfirmed: true }), failed('watch', 'too-large'))).toBe('list@"" backoff')
  })

  it.each(['throttled', 'connection'] as const)(
    '[watch/refused] a watch that is %s backs off at the same version without a relist, however often',
    (kind) => {
      const { steps } = play(feed(), ...Array.from({ length: 20 }, () => failed('watch', kind)))
      expect(new Set(steps)).toEqual(new Set(['watch@"5" backoff']))
    },
  )

  it('[watch/in-stream-status] watches again after server errors up to a limit, then lists; any event resets the count', () => {
    const errors = Array.from({ length: MAX_SERVER_ERRORS }, () => failed('watch', 'server'))
    expect(play(feed(), ...errors).steps).toEqual(errors.map(() => 'watch@"5" backoff'))
    expect(stepAfter(feed(), ...errors, failed('watch', 'server'))).toBe('list@"5" backoff')
    expect(stepAfter(feed(), ...errors, { type: 'advanced', resourceVersion: '6' }, failed('watch', 'server'))).toBe('watch@"6" backoff')
    expect(play(feed(), ...errors, failed('watch', 'server')).state.serverErrors).toBe(0)
  })

  it.each([
    ['list', 'throttled'],
    ['list', 'server'],
    ['list', 'denied'],
    ['list', 'unauthorized'],
    ['stream', 'unauthorized'],
    ['stream', 'throttled'],
    ['stream', 'server'],
    ['watch', 'throttled'],
    ['watch', 'server'],
    ['watch', 'denied'],
    ['watch', 'unauthorized'],
    ['watch', 'gone'],
    ['watch', 'expired'],
  ] as const)('18. a %s that is answered with “%s” and a time to wait → no sooner than that', (attempt, kind) => {
    expect(stepAfter(feed({ streaming: attempt === 'stream' }), failed(attempt, kind, { retryAfterMs: 7000 }))).toMatch(/≥7000$/)
  })

  it('[watch/progress] events and bookmarks advance the version', () => {
    expect(play(feed(), { type: 'advanced', resourceVersion: '8' }).state.resourceVersion).toBe('8')
  })

  it('[feed/denied] a denied watch keeps the store and does not cause a list', () => {
    expect(play(feed(), failed('watch', 'denied'), failed('watch', 'gone')).steps).toEqual(['watch@"5" long', 'watch@"5" long'])
  })
})

describe('whatever happens, in whatever order', () => {
  const kinds: FailureKind[] = [
    'expired',
    'too-large',
    'throttled',
    'server',
    'denied',
    'unauthorized',
    'gone',
    'refused',
    'connection',
    'malformed',
    'stale',
    'unreadable',
    'relist',
    'other-history',
    'stalled',
    'overtaken',
    'unwatchable',
  ]

  interface Turn {
    /** How the attempt ends. */
    readonly kind: FailureKind | 'end'
    readonly opened: boolean
    readonly short: boolean
    readonly stood: boolean
    /** Whether something useful came before it ended. */
    readonly fruit: boolean
  }
  const turn: fc.Arbitrary<Turn> = fc.record({
    kind: fc.constantFrom('end' as const, ...kinds),
    opened: fc.boolean(),
    short: fc.boolean(),
    stood: fc.boolean(),
    fruit: fc.boolean(),
  })

  interface Taken {
    readonly step: Step
    /** What was known when the attempt before it ended. */
    readonly before: FeedState
    readonly failure: Failure | undefined
    readonly fruitless: boolean
  }

  /** Plays the turns as a reflector would. */
  function run(streaming: boolean, hydrated: string, turns: readonly Turn[]): Taken[] {
    let version = 10
    const taken: Taken[] = []
    let { state, next } = transition(initialState({ streaming }), { type: 'started', resourceVersion: hydrated })
    for (const { kind, opened, short, stood, fruit } of turns) {
      if (!next) throw new Error('a feed must go on')
      let { attempt } = next
      // Only a watch is ended for the periodic relist.
      let end = kind === 'relist' && attempt !== 'watch' ? 'end' : kind
      // Only a watch is doubted and only a watch or a stream is refused or overtaken, which happens after a list.
      if (attempt === 'list' && ['other-history', 'stalled', 'overtaken', 'unwatchable'].includes(end)) end = 'end'
      // A list beside the attempt was faster, which takes ten seconds at least.
      const isOvertaken = end === 'overtaken'
      const fruitful = isOvertaken || (attempt === 'list' ? end === 'end' : opened && fruit)
      if (fruitful) {
        const resourceVersion = `${++version}`
        ;({ state } = transition(
          state,
          attempt === 'watch' && !isOvertaken
            ? { type: 'advanced', resourceVersion }
            : { type: 'replaced', resourceVersion, source: attempt === 'stream' ? 'stream' : 'list' },
        ))
        if (attempt === 'stream' && !isOvertaken) attempt = 'watch'
      }
      const failure = end === 'end' ? undefined : { kind: end, error, retryAfterMs: undefined }
      const before = state
      ;({ state, next } = transition(state, { type: 'ended', attempt, failure, opened, short, stood }))
      if (next) taken.push({ step: next, before, failure, fruitless: !fruitful })
    }
    return taken
  }

  const always = (check: (taken: readonly Taken[]) => void) =>
    fc.assert(
      fc.property(fc.boolean(), fc.constantFrom('', '7'), fc.array(turn, { minLength: 1, maxLength: 40 }), (streaming, hydrated, turns) =>
        check(run(streaming, hydrated, turns)),
      ),
      { numRuns: 1000 },
    )

  it('[watch/backoff] at most two fruitless attempts in a row start without a wait', () => {
    always((taken) => {
      let hot = 0
      for (const { step, failure, fruitless } of taken) {
        // The periodic relist has a pace of its own.
        hot = step.wait === 'none' && fruitless && failure?.kind !== 'relist' ? hot + 1 : 0
        expect(hot).toBeLessThanOrEqual(2)
      }
    })
  })

  it('[watch/backoff] only a list, a refused stream and the periodic relist are followed by an attempt without a wait', () => {
    always((taken) => {
      for (const { step, failure, before } of taken) {
        if (step.wait !== 'none') continue
        const allowed =
          !failure ||
          failure.kind === 'relist' ||
          (!before.versionRejected && ['expired', 'too-large'].includes(failure.kind)) ||
          ['other-history', 'overtaken', 'unwatchable'].includes(failure.kind) ||
          (before.streaming && ['refused', 'denied', 'stalled'].includes(failure.kind))
        expect(allowed).toBe(true)
      }
    })
  })

  it('[list/start-version] a list asks for at least the last version, unless the server has refused that version', () => {
    always((taken) => {
      for (const { step, before, failure } of taken) {
        if (step.attempt === 'watch') continue
        const atLeast = before.resourceVersion || (step.attempt === 'list' ? '0' : '')
        const refused =
          before.versionRejected || (failure !== undefined && ['expired', 'too-large', 'refused', 'other-history'].includes(failure.kind))
        expect(refused ? ['', atLeast] : [atLeast]).toContain(step.resourceVersion)
      }
    })
  })

  it('a watch starts at the last version, and there is no watch without one', () => {
    always((taken) => {
      for (const { step, before } of taken) {
        if (step.attempt !== 'watch') continue
        expect(step.resourceVersion).toBe(before.resourceVersion)
        expect(step.resourceVersion).not.toBe('')
      }
    })
  })

  it('[stream/refused] does not try a streamed list again after giving it up', () => {
    always((taken) => {
      const off = taken.findIndex(({ before }) => !before.streaming)
      if (off >= 0) for (const { step } of taken.slice(off)) expect(step.attempt).not.toBe('stream')
    })
  })

  it('a transition leaves the previous state object unchanged', () => {
    fc.assert(
      fc.property(fc.constantFrom<Attempt>('list', 'stream', 'watch'), fc.constantFrom(...kinds), (attempt, kind) => {
        const state = Object.freeze(feed({ streaming: attempt === 'stream' }))
        expect(() => transition(state, Object.freeze(failed(attempt, kind)))).not.toThrow()
      }),
    )
  })
})
