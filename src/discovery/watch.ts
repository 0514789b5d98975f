import { createInformer } from '../informer/create-informer'
import { metadata } from '../informer/metadata'
import { systemClock } from '../internal/clock'
import { delay } from '../internal/delay'
import { guarded } from '../internal/report'
import { defineResource } from '../meta/resource'
import type { EntryClient } from '../reflector/list-watch'
import type { ReflectorOptions } from '../reflector/options'
import type { Requester } from '../transport/requester'
import { CustomResourceDefinition } from './custom-resource-definition'
import { type Discovery, discover } from './discovery'

/** How {@link watchDiscovery} goes on. */
export interface WatchDiscoveryOptions extends Pick<ReflectorOptions<never>, 'clock' | 'random' | 'onWake'> {
  /** Ends it. */
  signal: AbortSignal
  /** Told of the first state, and of each one after that. */
  onChange: (discovery: Discovery) => void
  /** Told when the server cannot be asked; it is asked again. Default: nothing. */
  onError?: ((error: unknown) => void) | undefined
  /** The longest time until the server is asked again whatever has been seen, in milliseconds; default 300,000. */
  pollIntervalMs?: number | undefined
}

/** What changes a server's resources: custom resource definitions, and the servers that are aggregated. */
const CAUSES = [
  CustomResourceDefinition,
  defineResource({ group: 'apiregistration.k8s.io', version: 'v1', plural: 'apiservices', kind: 'APIService', scope: 'Cluster' }),
]

/** Changes often come several at a time. */
const SETTLE_MS = 250
/** The server's own discovery follows a change with a delay: it is asked again, after this time and then ever less often. */
const FIRST_WAIT_MS = 1_000

/**
 * Follows what resources a server has, as custom resource definitions and aggregated servers come and go: both are watched as metadata, and
 * discovery is read again when they change, which costs little while it is the same (`ETag`). Who may not watch them learns of a change at
 * the next poll. Resolves when the signal is aborted: abort is not an error.
 *
 * @param client a `KubeClient`.
 * @example
 * ```ts
 * await watchDiscovery(client, { signal, onChange: ({ resources }) => renderPicker(resources) })
 * ```
 */
export async function watchDiscovery(
  client: EntryClient & Requester,
  { signal, onChange, onError, pollIntervalMs = 300_000, clock = systemClock, random, onWake }: WatchDiscoveryOptions,
): Promise<void> {
  let change = new AbortController()
  const informers = CAUSES.map((resource) => {
    const informer = createInformer(client, resource, {
      source: metadata(),
      clock,
      random,
      onWake,
      signal,
      onError: () => undefined,
    })
    informer.indexer.subscribe(({ changes }) => changes.length > 0 && change.abort())
    return informer
  })
  const [tell, complain] = [guarded(onChange), guarded(onError)]
  let discovery: Discovery | undefined
  let waitMs = FIRST_WAIT_MS
  while (!signal.aborted) {
    change = new AbortController()
    try {
      const found = await discover(client, { signal, previous: discovery })
      if (found !== discovery) tell?.(found)
      discovery = found
    } catch (error) {
      if (!signal.aborted) complain?.(error)
    }
    await delay(waitMs, { clock, signal: AbortSignal.any([signal, change.signal]) })
    waitMs = Math.min(2 * waitMs, pollIntervalMs)
    if (!change.signal.aborted) continue
    await delay(SETTLE_MS, { clock, signal })
    waitMs = FIRST_WAIT_MS
  }
  await Promise.all(informers.map((informer) => informer.close()))
}
