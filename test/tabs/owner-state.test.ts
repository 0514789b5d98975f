// The state machine of a tab towards the owner of its feeds: every state meets every event.

import { expect, test } from 'vitest'
import { CONNECTING, isTroubled, type LinkEvent, type LinkState, LOSSES, linkTransition, MAX_MOVES } from '../../src/tabs/owner-state'

const states = {
  connecting: CONNECTING,
  joined: { type: 'joined', generation: 0, fallback: undefined, losses: [], owner: 'a', lock: 'lock-a', next: 0 },
  paused: { type: 'paused', generation: 0, fallback: undefined, losses: [] },
  'connecting to a leader': { type: 'connecting', generation: 0, fallback: 'no SharedWorker', losses: [] },
  'joined to a leader': { type: 'joined', generation: 0, fallback: 'no SharedWorker', losses: [], owner: 'a', lock: 'lock-a', next: 0 },
  alone: { type: 'alone', why: 'no SharedWorker' },
  closed: { type: 'closed' },
} satisfies Record<LinkState['type'] | `${string} to a leader`, LinkState>

const events = {
  hello: { type: 'hello', owner: 'b', lock: 'lock-b', at: 5 },
  'hello again': { type: 'hello', owner: 'a', lock: 'lock-a', at: 5 },
  'lock-granted': { type: 'lock-granted', lock: 'lock-a', at: 5 },
  'lock of an earlier owner': { type: 'lock-granted', lock: 'lock-0', at: 5 },
  silent: { type: 'silent', at: 5 },
  ended: { type: 'ended', at: 5 },
  refused: { type: 'refused', why: 'forbidden' },
  moved: { type: 'moved', generation: 1, at: 5 },
  hidden: { type: 'hidden' },
  frozen: { type: 'frozen' },
  shown: { type: 'shown' },
  close: { type: 'close' },
} satisfies Record<string, LinkEvent>

type Outcome = readonly [LinkState['type'], ...string[]]
const same = (type: LinkState['type']): Outcome => [type]

/** The next state and the actions; the compiler checks that no pair is missing. */
const table: Record<keyof typeof states, Record<keyof typeof events, Outcome>> = {
  connecting: {
    hello: ['joined', 'join'],
    'hello again': ['joined', 'join'],
    'lock-granted': same('connecting'),
    'lock of an earlier owner': same('connecting'),
    silent: ['connecting', 'drop', 'announce', 'connect'],
    ended: same('connecting'),
    refused: ['connecting', 'drop', 'connect'],
    moved: ['connecting', 'drop', 'connect'],
    hidden: ['paused', 'drop'],
    frozen: same('connecting'),
    shown: same('connecting'),
    close: ['closed', 'drop'],
  },
  joined: {
    hello: ['joined', 'drop', 'join'],
    'hello again': same('joined'),
    'lock-granted': ['connecting', 'drop', 'connect'],
    'lock of an earlier owner': same('joined'),
    silent: ['connecting', 'drop', 'connect'],
    ended: ['connecting', 'drop', 'connect'],
    refused: same('joined'),
    moved: ['joined', 'probe'],
    hidden: ['paused', 'drop'],
    frozen: same('joined'),
    shown: same('joined'),
    close: ['closed', 'drop'],
  },
  'connecting to a leader': {
    hello: ['joined', 'join'],
    'hello again': ['joined', 'join'],
    'lock-granted': same('connecting'),
    'lock of an earlier owner': same('connecting'),
    silent: ['connecting', 'drop', 'announce', 'connect'],
    ended: same('connecting'),
    refused: ['alone', 'drop'],
    moved: ['connecting', 'drop', 'connect'],
    hidden: ['paused', 'drop'],
    frozen: ['paused', 'drop'],
    shown: same('connecting'),
    close: ['closed', 'drop'],
  },
  'joined to a leader': {
    hello: ['joined', 'drop', 'join'],
    'hello again': same('joined'),
    'lock-granted': ['connecting', 'drop', 'connect'],
    'lock of an earlier owner': same('joined'),
    silent: ['connecting', 'drop', 'connect'],
    ended: ['connecting', 'drop', 'connect'],
    refused: same('joined'),
    moved: ['joined', 'probe'],
    hidden: ['paused', 'drop'],
    frozen: ['paused', 'drop'],
    shown: same('joined'),
    close: ['closed', 'drop'],
  },
  paused: {
    hello: same('paused'),
    'hello again': same('paused'),
    'lock-granted': same('paused'),
    'lock of an earlier owner': same('paused'),
    silent: same('paused'),
    ended: same('paused'),
    refused: same('paused'),
    moved: same('paused'),
    hidden: same('paused'),
    frozen: same('paused'),
    shown: ['connecting', 'connect'],
    close: ['closed', 'drop'],
  },
  alone: {
    hello: same('alone'),
    'hello again': same('alone'),
    'lock-granted': same('alone'),
    'lock of an earlier owner': same('alone'),
    silent: same('alone'),
    ended: same('alone'),
    refused: same('alone'),
    moved: same('alone'),
    hidden: same('alone'),
    frozen: same('alone'),
    shown: same('alone'),
    close: ['closed', 'drop'],
  },
  closed: {
    hello: same('closed'),
    'hello again': same('closed'),
    'lock-granted': same('closed'),
    'lock of an earlier owner': same('closed'),
    silent: same('closed'),
    ended: same('closed'),
    refused: same('closed'),
    moved: same('closed'),
    hidden: same('closed'),
    frozen: same('closed'),
    shown: same('closed'),
    close: ['closed', 'drop'],
  },
}

const pairs = Object.entries(table).flatMap(([state, row]) =>
  Object.entries(row).map(([event, outcome]) => [state, event, outcome] as [keyof typeof states, keyof typeof events, Outcome]),
)

test.each(pairs)('a tab that is %s and meets %s is %j afterwards', (state, event, [type, ...actions]) => {
  const step = linkTransition(states[state], events[event])
  expect([step.state.type, ...step.actions]).toEqual([type, ...actions])
})

test('[tabs/14] tabs leave an owner that hangs for the next name, three times at most, and are alone then', () => {
  let state: LinkState = CONNECTING
  const generations: unknown[] = []
  for (let i = 0; i < 10 && state.type === 'connecting'; i++) {
    state = linkTransition(state, { type: 'silent', at: 60_000 * i }).state
    generations.push('generation' in state ? state.generation : state.type)
  }
  expect(generations).toEqual([1, 2, 3, 'alone'])
  expect(MAX_MOVES).toBe(3)
})

test('[tabs/14] a tab asks its owner before it follows another tab to a later name, and follows when the owner is lost', () => {
  const { state, actions } = linkTransition(states.joined, { type: 'moved', generation: 2, at: 0 })
  expect([state.type, ...actions]).toEqual(['joined', 'probe'])
  expect(linkTransition(state, { type: 'silent', at: 0 }).state).toMatchObject({ type: 'connecting', generation: 2 })
  expect(linkTransition(state, { type: 'ended', at: 0 }).state).toMatchObject({ type: 'connecting', generation: 2 })
})

test('[tabs/14] a tab without an owner follows the others to a later name, once, and never back', () => {
  const at = 0
  const { state } = linkTransition(states.connecting, { type: 'moved', generation: 2, at })
  expect(state).toMatchObject({ type: 'connecting', generation: 2 })
  expect(linkTransition(state, { type: 'moved', generation: 2, at }).actions).toEqual([])
  expect(linkTransition(state, { type: 'moved', generation: 1, at }).actions).toEqual([])
  expect(linkTransition(states.paused, { type: 'moved', generation: 2, at }).state).toMatchObject({ type: 'paused', generation: 2 })
})

test('[tabs/06] calls fail only after three losses within ten seconds, so that a reflector waits', () => {
  let state: LinkState = states.joined
  for (let i = 0; i < LOSSES; i++) {
    expect(isTroubled(state, 1_000 * i)).toBe(false)
    state = linkTransition(state, { type: 'ended', at: 1_000 * i }).state
    state = linkTransition(state, { type: 'hello', owner: `o${i}`, lock: undefined, at: 1_000 * i }).state
  }
  expect(isTroubled(state, 3_000)).toBe(true)
  expect(isTroubled(state, 10_001)).toBe(false)
  for (let i = 0; i < 100; i++) state = linkTransition(state, { type: 'hello', owner: `p${i}`, lock: undefined, at: 20_000 + i }).state
  expect('losses' in state && state.losses).toHaveLength(LOSSES)
})
