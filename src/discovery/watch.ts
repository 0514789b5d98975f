// Watches for changes of the server’s resources.

import { defineResource } from '../api/resource'
import type { Requester } from '../http/requester'
import { createInformer } from '../informer/create-informer'
import { metadata } from '../informer/sources/metadata'
import { systemClock } from '../internal/clock'
import { delay } from '../internal/delay'
import { guarded } from '../internal/report'
import type { ReflectorOptions } from '../reflector/options'
import type { EntryClient } from '../source/list-watch'
import { CustomResourceDefinition } from './custom-resource-definition'
import { type Discovery, discover } from './discovery'

/** Options of {@link watchDiscovery}. */
export interface WatchDiscoveryOptions extends Pick<ReflectorOptions<never>, 'clock' | 'random' | 'onWake'> {
  /** A signal that ends the watch when it is aborted. */
  signal: AbortSignal
  /** Called with the first result, and with each changed one after it. */
  onChange: (discovery: Discovery) => void
  /** Called when a request fails; it is retried. Default: failures are ignored. */
  onError?: ((error: unknown) => void) | undefined
  /** The longest interval between reads of discovery, in milliseconds; default 300,000. */
  pollIntervalMs?: number | undefined
}

/** The resources whose changes change discovery: custom resource definitions and aggregated API servers. */
const CAUSES = [
  CustomResourceDefinition,
  defineResource({ group: 'apiregistration.k8s.io', version: 'v1', plural: 'apiservices', kind: 'APIService', scope: 'Cluster' }),
]

/** The time to wait for more changes, in milliseconds; changes often arrive in groups. */
const SETTLE_MS = 250
/**
 * The first wait after a change, in milliseconds. The server updates its discovery with a delay, so further reads follow at growing intervals.
 */
const FIRST_WAIT_MS = 1_000

/**
 * Follows the resources of a server as custom resource definitions and aggregated servers come and go. Watches both as metadata, and reads
 * discovery again when they change; an unchanged document costs little (`ETag`). A user who may not watch them gets changes at the next
 * poll. Resolves when the signal is aborted, without an error.
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
