// Drains a node: cordons it, evicts its pods, and waits until they are gone.

import { isApiError, isKubeError, KubeError } from '../api/errors'
import type { KubeObject } from '../api/object'
import type { KubeClient } from '../http/client'
import { createInformer } from '../informer/create-informer'
import { systemClock } from '../internal/clock'
import { delay } from '../internal/delay'
import { Mailbox } from '../internal/mailbox'
import type { Seams } from '../internal/seams'
import { choosePods, type DrainChoices, NODES, type NodePod, PODS, type SkippedPod } from './drain-pods'

/** The delay before a refused eviction is repeated, in milliseconds, as in kubectl. */
const RETRY_MS = 5_000
const NAMESPACE_TERMINATING = 'NamespaceTerminating'

/** Options of {@link drain}. */
export interface DrainOptions extends DrainChoices, Seams {
  /** Selects the pods to evict, such as `app!=critical`. Default: all pods of the node. */
  podSelector?: string | undefined
  /** The pods' time to terminate, in seconds; default: each pod's own. */
  gracePeriodSeconds?: number | undefined
  /** Stops evicting. Pods that were evicted terminate nevertheless. */
  signal?: AbortSignal | undefined
}

/** An event of a drain. */
export type DrainEvent =
  /** The scheduler places no further pods on the node. */
  | { readonly type: 'cordoned' }
  /** A pod stays on the node, for the given reason. */
  | ({ readonly type: 'skipped' } & SkippedPod)
  /** The server accepted the eviction: the pod terminates. */
  | { readonly type: 'evicted'; readonly pod: NodePod }
  /** The server refused the eviction for now, usually because of a disruption budget. It is repeated after five seconds. */
  | { readonly type: 'blocked'; readonly pod: NodePod; readonly error: unknown }
  /** The pod is gone. */
  | { readonly type: 'deleted'; readonly pod: NodePod }

/**
 * Cordons a node, evicts its pods and waits until they are gone. Evicts nothing if some pod needs a choice that was not made.
 *
 * @param client needs to patch nodes, list and watch pods, and create evictions.
 * @throws KubeError naming the pods that a choice is missing for; ApiError for a refused cordon, list or eviction; the signal's reason.
 * @see kubectl `drain`
 * @example
 * ```ts
 * for await (const event of drain(client, 'node-1', { daemonSets: 'keep', signal })) console.log(event.type)
 * ```
 */
export async function* drain(client: KubeClient, node: string, options: DrainOptions = {}): AsyncGenerator<DrainEvent, void, undefined> {
  const { podSelector, signal, clock = systemClock, random, onWake } = options
  signal?.throwIfAborted()
  await client.patch(NODES, node, { merge: { spec: { unschedulable: true } } as object }, { signal })
  yield { type: 'cordoned' }
  const ending = new AbortController()
  const stopped = signal ? AbortSignal.any([signal, ending.signal]) : ending.signal
  await using pods = createInformer(client, PODS, {
    fieldSelector: `spec.nodeName=${node}`,
    labelSelector: podSelector,
    onError: () => undefined,
    clock,
    random,
    onWake,
  })
  await pods.whenSynced({ signal: stopped, onDenied: 'reject' })
  const { evicted, skipped } = choosePods(pods.objects(), node, options)
  for (const one of skipped) yield { type: 'skipped', ...one }

  const events = new Mailbox<DrainEvent | { readonly failure: unknown }>()
  let open = evicted.length
  const evict = async (pod: NodePod) => {
    const read = () => {
      const entry = pods.indexer.get(pod.key)
      return entry?.uid === pod.uid ? entry.object : undefined
    }
    await evictPod(client, pod, { ...options, signal: stopped, read }, (event) => events.push(event))
    await pods.waitFor((all) => all.get(pod.key)?.uid !== pod.uid, { signal: stopped })
    events.push({ type: 'deleted', pod })
  }
  for (const pod of evicted)
    void evict(pod)
      .catch((failure: unknown) => events.push({ failure }))
      .finally(() => --open === 0 && events.close())
  if (open === 0) events.close()
  try {
    while (!events.isOver) {
      await events.arrival()
      for (const event of events.take(new AbortController().signal)) {
        if ('failure' in event) throw event.failure
        yield event
      }
    }
  } finally {
    ending.abort(new KubeError('the drain has ended'))
  }
}

async function evictPod(
  client: KubeClient,
  pod: NodePod,
  { gracePeriodSeconds, signal, clock = systemClock, read }: DrainOptions & { signal: AbortSignal; read: () => KubeObject | undefined },
  emit: (event: DrainEvent) => void,
): Promise<void> {
  const { namespace, name } = pod
  const eviction = {
    metadata: { name, namespace },
    deleteOptions: { preconditions: { uid: pod.uid }, ...(gracePeriodSeconds !== undefined && { gracePeriodSeconds }) },
  }
  for (;;) {
    signal.throwIfAborted()
    // The pod may have gone, or have begun to terminate, since the last attempt. In a terminating namespace no attempt says so.
    const current = read()
    if (!current) return
    try {
      await client.create(PODS, eviction as object as { metadata: { name: string } }, { namespace, subresource: 'eviction', signal })
      return emit({ type: 'evicted', pod })
    } catch (error) {
      signal.throwIfAborted()
      // 409 means that another pod has the name by now.
      if (isApiError(error) && (error.status === 404 || error.status === 409)) return
      if (isNamespaceTerminating(error) && current.metadata.deletionTimestamp !== undefined) return
      if (!isNamespaceTerminating(error) && !(isApiError(error) && error.status === 429)) throw error
      emit({ type: 'blocked', pod, error })
      await delay(RETRY_MS, { clock, signal })
    }
  }
}

/** Whether an eviction was refused because its namespace is being deleted, which deletes the pod as well. */
function isNamespaceTerminating(error: unknown): boolean {
  return (
    isKubeError(error) &&
    isApiError(error) &&
    error.status === 403 &&
    (error.body?.details?.causes ?? []).some(({ reason }) => reason === NAMESPACE_TERMINATING)
  )
}
