// Lays out the Events of a cluster in time, a lane for each workload.
import type { Entry } from 'kubeflect'
import { type Event, Event as Events } from 'kubeflect/resources/core/v1'
import { formatAge } from '../format.ts'
import type { Caption, Mark, Picture } from './picture.ts'

/** What a lane shows of an Event. */
interface EventFacts {
  /** Milliseconds since the epoch; NaN when unknown. */
  readonly at: number
  readonly isWarning: boolean
  /** The workload, as `namespace/name`. */
  readonly lane: string
  readonly label: string
}

const MARGIN = 12
const LANE = 26
const DOT = 9
/** The shortest and the longest time that the lanes show, in milliseconds. */
const MIN_SPAN_MS = 60_000
const MAX_SPAN_MS = 900_000
/** The suffixes of generated names: a template's hash, a job's number, and five letters. */
const GENERATED = /(-[b-df-hj-np-tv-xz2-9]{8,10}|-\d{8})?(-[b-df-hj-np-tv-xz0-9]{5})?$/

const known = new WeakMap<Entry<Event>, EventFacts>()

/** Computes the picture of the Events until `now`. */
export function layOutEvents(events: readonly Entry<Event>[], { width, now }: { width: number; now: number }): Picture {
  const facts = events.map((entry) => ({ entry, ...factsOf(entry) })).filter(({ at }) => now - at <= MAX_SPAN_MS)
  const oldest = facts.reduce((first, { at }) => Math.min(first, at), now)
  const span = Math.max(MIN_SPAN_MS, now - oldest)
  const names = [...new Set(facts.map(({ lane }) => lane))].sort()
  const nameWidth = width < 620 ? 128 : 230
  const from = MARGIN + nameWidth
  const xOf = (at: number) => from + (1 - (now - at) / span) * (width - from - MARGIN - DOT)
  const top = MARGIN + 20
  const captions: Caption[] = [0, 0.5, 1].map((share) => ({
    x: from + share * (width - from - MARGIN - 28),
    y: MARGIN + 8,
    text: share === 1 ? 'now' : `${formatAge(span * (1 - share))} ago`,
  }))
  const lanes = new Map(names.map((name, at) => [name, top + at * LANE]))
  for (const [name, y] of lanes) captions.push({ x: MARGIN, y: y + LANE / 2, text: width < 620 ? name.replace(/^.*\//, '') : name })
  const marks = facts.map(
    ({ entry, at, lane, isWarning, label }): Mark => ({
      id: entry.uid,
      x: xOf(at),
      y: (lanes.get(lane) ?? 0) + (LANE - DOT) / 2,
      width: DOT,
      height: DOT,
      shape: isWarning ? 'warning' : 'dot',
      tone: isWarning ? 'bad' : 'done',
      label,
      target: { resource: Events, key: entry.key },
    }),
  )
  const rows = names.map((name) => {
    const own = facts.filter(({ lane }) => lane === name)
    const last = own.reduce((a, b) => (b.at > a.at || (b.at === a.at && b.entry.key > a.entry.key) ? b : a))
    return [name, String(own.length), String(own.filter(({ isWarning }) => isWarning).length), last.label]
  })
  const twin = { title: 'Events by workload', head: ['Workload', 'Events', 'Warnings', 'Last'], rows }
  const warnings = facts.filter(({ isWarning }) => isWarning).length
  const summary = `${facts.length} events, ${warnings} warnings, ${names.length} workloads`
  return { height: top + names.length * LANE + MARGIN, marks, links: [], captions, twin, summary }
}

/** Returns the name of the workload that a generated name comes from. */
export function workloadOf(name: string): string {
  return name.replace(GENERATED, '') || name
}

function factsOf(entry: Entry<Event>): EventFacts {
  const found = known.get(entry)
  if (found) return found
  const { type, reason = '', message = '', lastTimestamp, eventTime, involvedObject, metadata } = entry.object
  const { kind = '', name = '', namespace } = involvedObject ?? {}
  const facts = {
    at: Date.parse(lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? ''),
    isWarning: type === 'Warning',
    lane: `${namespace ?? kind.toLowerCase()}/${/^(Pod|ReplicaSet|Job)$/.test(kind) ? workloadOf(name) : name}`,
    label: `${reason}: ${kind} ${name}: ${message}`,
  }
  known.set(entry, facts)
  return facts
}
