// Counts the events of relays, and formats them for Prometheus.

import { resourceName } from '../api/resource'
import type { RelayEvent } from './events'
import type { Relay } from './relay'

/** The text of a metric: its kind and meaning. */
type Description = readonly [type: 'counter' | 'gauge', help: string]

const DESCRIPTIONS = {
  kubeflect_relay_served_total: ['counter', 'Requests answered from a cache.'],
  kubeflect_relay_passed_total: ['counter', 'Requests passed on to the API server, by reason.'],
  kubeflect_relay_unreachable_total: ['counter', 'Requests for which the API server gave no answer, or whose caller left before.'],
  kubeflect_relay_upstream_attempts_total: ['counter', 'Lists and watches with which the caches are filled.'],
  kubeflect_relay_proofs_total: ['counter', 'Proofs that a cache is up to date, by outcome.'],
  kubeflect_relay_reviews_total: ['counter', 'Access reviews sent to the API server, by outcome.'],
  kubeflect_relay_watches_total: ['counter', 'Watches opened.'],
  kubeflect_relay_delivered_events_total: ['counter', 'Events delivered to watchers.'],
  kubeflect_relay_delivered_bytes_total: ['counter', 'Bytes of events that watchers share.'],
  kubeflect_relay_slow_watchers_total: ['counter', 'Watches ended because their watcher read too slowly.'],
  kubeflect_relay_revoked_watches_total: ['counter', 'Watches ended because their caller may no longer read.'],
  kubeflect_relay_watchers: ['gauge', 'Open watches.'],
  kubeflect_relay_watch_classes: ['gauge', 'Different selections among the open watches.'],
  kubeflect_relay_objects: ['gauge', 'Objects in the caches.'],
  kubeflect_relay_lag_seconds: ['gauge', 'Time without a connection to the API server.'],
} satisfies Record<string, Description>

type MetricName = keyof typeof DESCRIPTIONS

/** Counts what a relay does. */
export interface RelayMetrics {
  /** Counts an event. Bound: pass it as `onEvent`. */
  readonly onEvent: (event: RelayEvent) => void
  /**
   * Returns everything in Prometheus' text format.
   *
   * @param relay adds the gauges: watchers, objects and lag.
   */
  readonly text: (relay?: Pick<Relay, 'status'>) => string
}

/**
 * Makes the metrics of a relay.
 *
 * @example
 * ```ts
 * const metrics = relayMetrics()
 * const relay = createRelay({ client, resources: [Pod], onEvent: metrics.onEvent })
 * const serve = (request: Request) =>
 *   new URL(request.url).pathname === '/metrics' ? new Response(metrics.text(relay)) : relay.fetch(request)
 * ```
 */
export function relayMetrics(): RelayMetrics {
  const counts = new Map<MetricName, Map<string, number>>()
  const add = (name: MetricName, labels: Record<string, string>, by = 1) => {
    const samples = counts.get(name) ?? new Map<string, number>()
    const key = labelsOf(labels)
    samples.set(key, (samples.get(key) ?? 0) + by)
    counts.set(name, samples)
  }
  return {
    onEvent: (event) => count(event, add),
    text(relay) {
      const samples = new Map([...counts, ...(relay ? gaugesOf(relay) : [])])
      return [...samples].map(([name, values]) => format(name, values)).join('')
    },
  }
}

function count(event: RelayEvent, add: (name: MetricName, labels: Record<string, string>, by?: number) => void): void {
  const of: Record<string, string> = 'resource' in event ? { resource: resourceName(event.resource) } : {}
  switch (event.type) {
    case 'served':
      add('kubeflect_relay_served_total', { ...of, verb: event.verb, code: String(event.status) })
      break
    case 'passed':
      add('kubeflect_relay_passed_total', { reason: event.why, code: String(event.status) })
      break
    case 'unreachable':
      add('kubeflect_relay_unreachable_total', {})
      break
    case 'feed':
      if (event.event.type === 'attempt') add('kubeflect_relay_upstream_attempts_total', { ...of, kind: event.event.attempt })
      break
    case 'proof':
      add('kubeflect_relay_proofs_total', { ...of, outcome: event.outcome })
      break
    case 'review':
      add('kubeflect_relay_reviews_total', { outcome: event.outcome })
      break
    case 'watch-opened':
      add('kubeflect_relay_watches_total', of)
      break
    case 'delivered':
      add('kubeflect_relay_delivered_events_total', of, event.events)
      add('kubeflect_relay_delivered_bytes_total', of, event.bytes)
      break
    case 'slow-watcher':
      add('kubeflect_relay_slow_watchers_total', of)
      break
    case 'revoked':
      add('kubeflect_relay_revoked_watches_total', of)
      break
    case 'watch-ended':
  }
}

function gaugesOf({ status }: Pick<Relay, 'status'>): [MetricName, Map<string, number>][] {
  const gauge = (name: MetricName, read: (resource: Relay['status'][number]) => number): [MetricName, Map<string, number>] => [
    name,
    new Map(status.map((each) => [labelsOf({ resource: resourceName(each.resource) }), read(each)])),
  ]
  return [
    gauge('kubeflect_relay_watchers', ({ watchers }) => watchers),
    gauge('kubeflect_relay_watch_classes', ({ watchClasses }) => watchClasses),
    gauge('kubeflect_relay_objects', ({ objects }) => objects),
    gauge('kubeflect_relay_lag_seconds', ({ lagMs }) => lagMs / 1000),
  ]
}

/** Values are names of resources, verbs and reasons, which need no escapes. */
function labelsOf(labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value}"`)
  return pairs.length > 0 ? `{${pairs.join(',')}}` : ''
}

function format(name: MetricName, samples: ReadonlyMap<string, number>): string {
  const [type, help] = DESCRIPTIONS[name]
  const lines = [...samples].map(([labels, value]) => `${name}${labels} ${value}\n`)
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`
}
