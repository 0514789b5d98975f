// The panels of the devtools: what an inspector has collected, as elements to draw. Pure.

import type { TabsStatus } from '../informer/feed'
import type { InspectedChange } from '../inspect/changes'
import { ms, reasonText, size } from '../inspect/describe'
import type { InspectedFeed } from '../inspect/feed-record'
import type { InspectorSnapshot } from '../inspect/snapshot'
import type { ReflectorState } from '../reflector/options'
import type { StepReason } from '../reflector/state'
import type { LongFrames } from './frames'
import { type Drawn, h } from './render'

/** The names of the panels. */
export const PANELS = ['Feeds', 'Feed', 'Cost', 'Tabs', 'Changes', 'Requests'] as const
export type Panel = (typeof PANELS)[number]

/** The user's choices, and the actions of the panels. */
export interface PanelContext {
  readonly now: number
  readonly feed: string | undefined
  readonly openChange: InspectedChange | undefined
  /** The long frames of the page since the devtools were opened. */
  readonly frames: Pick<LongFrames, 'count' | 'longestMs' | 'recent'>
  readonly choose: (feed: string) => void
  readonly open: (change: InspectedChange | undefined) => void
  readonly measure: (feed: string) => void
}

type Draw = (snapshot: InspectorSnapshot, context: PanelContext) => readonly Drawn[]

/** Draws each panel. */
export const panels: Readonly<Record<Panel, Draw>> = {
  Feeds: ({ feeds }, { now, choose }) => [
    table(
      ['feed', 'state', 'objects', 'version', 'events/s', 'bytes', 'lists', 'relists', 'storage', 'users'],
      feeds.map((feed) => [
        h('button', { class: 'link', onclick: () => choose(feed.name) }, feed.name),
        pill(feed),
        feed.objects,
        feed.resourceVersion || '–',
        sparkline(feed),
        size(feed.counts.bytes),
        feed.counts.lists,
        Object.values(feed.counts.relists).reduce((sum, count) => sum + count, 0),
        feed.storage ?? '–',
        usersOf(feed, now),
      ]),
    ),
    feeds.length === 0 ? h('p', {}, 'No feed yet. Give the inspector to createLive, or to an informer with tap and add.') : h('p', {}),
  ],

  Feed: ({ feeds, log }, { now, feed: name }) => {
    const feed = feeds.find((each) => each.name === name) ?? feeds[0]
    if (!feed) return [h('p', {}, 'No feed yet.')]
    const lines = log.filter((line) => line.feed === feed.name).slice(-200)
    const wait = feed.nextAttemptAt === undefined ? undefined : `, next attempt in ${ms(Math.max(0, feed.nextAttemptAt - now))}`
    return [
      h('h2', {}, feed.name),
      stateGraph(feed.state),
      h(
        'p',
        {},
        `${feed.state} for ${ms(Math.max(0, now - feed.since))}${wait ?? ''}; ${feed.objects} objects from ${feed.source ?? 'nowhere yet'}`,
      ),
      h('p', { class: 'bad', hidden: feed.error === undefined }, feed.error ?? ''),
      h('p', {}, relistsOf(feed)),
      h(
        'ol',
        { class: 'log', 'aria-label': 'why' },
        ...lines
          .reverse()
          .map((line) => h('li', { class: line.type === 'error' ? 'bad' : '' }, h('time', {}, clockTime(line.time)), ` ${line.text}`)),
      ),
    ]
  },

  Cost: ({ feeds }, { frames, measure }) => [
    table(
      ['feed', 'parses', 'events', 'stored', 'commits', 'storage time', 'backlogs', 'texts'],
      feeds.map((feed) => {
        const { parses, events, puts, deletes, commits, storedCharacters, storageMs } = feed.counts
        const backlogs = Object.entries(feed.backlogs).map(([handler, length]) => `${handler}: ${length}`)
        return [
          feed.name,
          parses,
          events,
          `${puts} puts, ${deletes} deletes, ${size(storedCharacters)}`,
          commits,
          ms(storageMs),
          backlogs.join(', ') || '–',
          h('button', { onclick: () => measure(feed.name) }, feed.characters === undefined ? 'measure' : size(feed.characters)),
        ]
      }),
    ),
    h('h2', {}, 'Long frames'),
    h('p', {}, `Frames over 50 ms since the devtools were opened: ${frames.count}; the longest took ${ms(frames.longestMs)}`),
    table(
      ['time', 'took', 'blocked input for', 'longest script'],
      [...frames.recent()].reverse().map((each) => [clockTime(each.time), ms(each.durationMs), ms(each.blockingMs), each.script ?? '–']),
    ),
  ],

  Tabs: ({ feeds, log }) => {
    const shared = feeds.flatMap(({ name, tabs }) => (tabs ? [{ name, tabs }] : []))
    if (shared.length === 0)
      return [h('p', {}, 'No feed is shared with other tabs. Give sharedByTabs of kubeflect/tabs to createLive as its feed.')]
    const lines = log.filter(({ type }) => type === 'owner' || type === 'alone').slice(-200)
    return [
      table(
        ['feed', 'role', 'tabs', 'upstream', 'owner', 'why'],
        shared.map(({ name, tabs }) => [
          name,
          h('span', { class: `pill ${tabs.role === 'alone' ? 'busy' : tabs.owner === undefined ? 'bad' : 'good'}` }, ROLES[tabs.role]),
          tabs.tabs,
          tabs.upstream ?? '–',
          tabs.owner ?? '–',
          tabs.why ?? '–',
        ]),
      ),
      h('h2', {}, 'Owners'),
      h(
        'ol',
        { class: 'log', 'aria-label': 'owners' },
        ...lines.reverse().map((line) => h('li', {}, h('time', {}, clockTime(line.time)), ` ${line.feed}: ${line.text}`)),
      ),
    ]
  },

  Changes: ({ changes }, { feed, openChange, open }) => {
    const shown = changes.filter((change) => feed === undefined || change.feed === feed).slice(-100)
    return [
      h(
        'ol',
        { class: 'log', 'aria-label': 'changes' },
        ...shown.reverse().map((change) => {
          const isOpen = change === openChange
          const title = `${change.type} ${change.key} at ${change.resourceVersion}`
          return h(
            'li',
            {},
            h('time', {}, clockTime(change.time)),
            ' ',
            h('button', { class: 'link', 'aria-expanded': String(isOpen), onclick: () => open(isOpen ? undefined : change) }, title),
            isOpen && differences(change),
          )
        }),
      ),
    ]
  },

  Requests: ({ requests }) => [
    requests.total === 0
      ? h('p', {}, 'No request yet. Give the inspector’s fetch to the client.')
      : h('p', {}, `${requests.total} requests, ${requests.failed} failed${requests.isCut ? '; the connection is cut' : ''}`),
    table(
      ['time', 'method', 'path', 'status', 'answered after'],
      [...requests.recent]
        .reverse()
        .map((each) => [clockTime(each.time), each.method, each.path, each.status || 'failed', ms(each.durationMs)]),
    ),
  ],
}

function table(head: readonly string[], rows: readonly (readonly (Drawn | string | number)[])[]): Drawn {
  return h(
    'table',
    {},
    h('thead', {}, h('tr', {}, ...head.map((name) => h('th', { scope: 'col' }, name)))),
    h('tbody', {}, ...rows.map((cells) => h('tr', {}, ...cells.map((cell) => h('td', {}, cell))))),
  )
}

const TONES: Readonly<Record<ReflectorState, string>> = {
  idle: '',
  connecting: 'busy',
  live: 'good',
  polling: 'good',
  stale: 'bad',
  backoff: 'busy',
  denied: 'bad',
  gone: 'bad',
  stopped: '',
}

/** The part of this tab in words. */
const ROLES: Readonly<Record<TabsStatus['role'], string>> = {
  shared: 'a SharedWorker reads for all tabs',
  leader: 'this tab reads for all',
  follower: 'another tab reads for this one',
  alone: 'this tab reads for itself',
}

function pill({ state, isStale }: InspectedFeed): Drawn {
  return h('span', { class: `pill ${TONES[state]}` }, isStale ? `${state}, stale` : state)
}

/** The states in the order of a feed's life, with the present one marked. */
const GRAPH: readonly (readonly ReflectorState[])[] = [
  ['idle'],
  ['connecting'],
  ['live', 'polling'],
  ['stale', 'backoff', 'denied', 'gone'],
  ['stopped'],
]

function stateGraph(present: ReflectorState): Drawn {
  const column = (states: readonly ReflectorState[]) =>
    h(
      'li',
      {},
      ...states.map((state) =>
        h(
          'span',
          { class: `pill ${state === present ? TONES[state] || 'on' : 'off'}`, 'aria-current': state === present && 'step' },
          state,
        ),
      ),
    )
  return h('ol', { class: 'graph', 'aria-label': 'states' }, ...GRAPH.map(column))
}

function relistsOf({ counts }: InspectedFeed): string {
  const relists = Object.entries(counts.relists).map(([reason, times]) => `${times} × ${reasonText(reason as StepReason)}`)
  return `${counts.lists} lists, ${counts.watches} watches, ${counts.probes} probes, ${counts.bookmarks} bookmarks; read again: ${relists.join(', ') || 'never'}`
}

function usersOf({ users, endsAt }: InspectedFeed, now: number): string {
  if (users === undefined) return '–'
  return endsAt === undefined ? String(users) : `0, ends in ${ms(Math.max(0, endsAt - now))}`
}

function sparkline({ eventsPerSecond }: InspectedFeed): Drawn {
  const most = Math.max(1, ...eventsPerSecond)
  const points = eventsPerSecond.map((events, i) => `${i},${(16 - (15 * events) / most).toFixed(1)}`).join(' ')
  const last = eventsPerSecond.at(-2) ?? 0
  return h(
    'span',
    {},
    h('svg', { viewBox: '0 0 59 17', width: 60, height: 17, 'aria-hidden': 'true' }, h('polyline', { points })),
    ` ${last}`,
  )
}

function differences({ differences: found, isSecret }: InspectedChange): Drawn {
  return h(
    'ul',
    { class: 'diff' },
    isSecret && h('li', {}, 'The values of a Secret are not shown.'),
    ...found.map(({ path, type, before, after }) =>
      h('li', {}, h('code', {}, path), type !== 'added' && h('del', {}, short(before)), type !== 'removed' && h('ins', {}, short(after))),
    ),
  )
}

const MAX_VALUE = 200

function short(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE)}…` : text
}

function clockTime(time: number): string {
  return new Date(time).toISOString().slice(11, 23)
}
