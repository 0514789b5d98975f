import { createInformer, type InformerOptions } from '../../src/informer/create-informer'
import { SharedInformerFactory } from '../../src/informer/factory'
import type { SharedInformer } from '../../src/informer/shared-informer'
import { memoryPersister } from '../../src/persistence/memory/memory-persister'
import { StorePersistence } from '../../src/persistence/store-persistence'
import type { ReflectorEvent } from '../../src/reflector/options'
import { ConfigMap, Secret } from '../../src/resources/core/v1'
import { ListWatch } from '../../src/source/list-watch'
import { Store } from '../../src/store/store'
import type { Fault, FaultMatch } from '../../src/testing'
import type { Stage } from './stage.ts'

/** One life of an informer, or of what has informers: gives what nobody may hold any more afterwards. */
type Life = (stage: Stage) => Promise<readonly object[]>

/** How an informer can live and end, and whether over real HTTP. */
export interface Scenario {
  readonly live: Life
  readonly count: number
  /** What is wrong with the server all the time. */
  readonly fault?: Fault
  /** Which requests it is for; default: all. */
  readonly match?: FaultMatch
  readonly overHttp?: boolean
}

const stalled: Fault = { type: 'stall', afterBytes: 3000 }
const late: Fault = { type: 'delay', ms: 3_600_000 }
/** What is asked beside the feed. */
const isQuestion: FaultMatch = ({ url }) => url.includes('limit=1') || (url.includes('watch=true') && !url.includes('allowWatchBookmarks'))
const some = { count: 300 }
const overHttp = { count: 100, overHttp: true }

/** By name. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  'synced, then disposed of': { live: plain, count: 1000 },
  'synced, then disposed of, over HTTP': { live: plain, ...overHttp },
  'aborted while live': { live: (stage) => abortedAt(stage, 'opened'), ...some },
  'aborted while live, over HTTP': { live: (stage) => abortedAt(stage, 'opened'), ...overHttp },
  'aborted before the headers': { live: (stage) => abortedAt(stage, 'attempt'), fault: late, ...some },
  'aborted before the headers, over HTTP': { live: (stage) => abortedAt(stage, 'attempt'), fault: late, ...overHttp },
  'aborted in the midst of the list': { live: (stage) => abortedAt(stage, 'bytes', { initialList: 'list' }), fault: stalled, ...some },
  'aborted in the midst of the list, over HTTP': {
    live: (stage) => abortedAt(stage, 'bytes', { initialList: 'list' }),
    fault: stalled,
    ...overHttp,
  },
  'aborted between two attempts': { live: (stage) => abortedAt(stage, 'backoff'), fault: { type: 'refuse' }, ...some },
  'closed while the server is asked for its history': { live: closedWhileHistoryIsAsked, fault: late, match: isQuestion, ...some },
  'closed while the server is asked for its history, over HTTP': {
    live: closedWhileHistoryIsAsked,
    fault: late,
    match: isQuestion,
    ...overHttp,
  },
  'closed while the server is asked whether a silent watch is alive': {
    live: closedWhileWatchIsProven,
    fault: late,
    match: isQuestion,
    ...some,
  },
  'closed while a list is out beside a stream that is held back': { live: closedWhileListIsOut, fault: late, ...some },
  'closed while a list is out beside a stream that is held back, over HTTP': { live: closedWhileListIsOut, fault: late, ...overHttp },
  'never started': { live: async (stage) => [await stopped(stage, new SharedInformerFactory(stage.client).informer(ConfigMap))], ...some },
  'with a persister': { live: persisted, ...some },
  'a store and its persistence alone': { live: persistence, ...some },
  'with handlers, indexes, waits and resyncs': { live: handled, ...some },
  'with loops over its changes': { live: looped, ...some },
  'leased from factories': { live: leased, ...some },
}

function start(stage: Stage, options: InformerOptions<ConfigMap, 'app'> = {}): SharedInformer<ConfigMap, 'app'> {
  return createInformer(stage.client, ConfigMap, {
    signal: stage.signal,
    clock: stage.clock,
    onError: () => undefined,
    pack: stage.pack,
    ...options,
  })
}

async function stopped<I extends AsyncDisposable>(stage: Stage, informer: I): Promise<I> {
  await stage.rest()
  await informer[Symbol.asyncDispose]()
  return informer
}

async function plain(stage: Stage): Promise<readonly object[]> {
  const informer = start(stage)
  await informer.whenSynced({ signal: stage.signal })
  return [await stopped(stage, informer)]
}

/** @param at the reflector's event that it is aborted at; of probes, those with this purpose. */
async function abortedAt(
  stage: Stage,
  at: ReflectorEvent['type'] | 'history' | 'liveness',
  options: InformerOptions<ConfigMap, 'app'> = {},
): Promise<readonly object[]> {
  const controller = new AbortController()
  const signal = AbortSignal.any([stage.signal, controller.signal])
  const isAt = (event: { readonly type: string; readonly purpose?: string }) => event.type === at || event.purpose === at
  const informer = await new Promise<SharedInformer<ConfigMap, 'app'>>((resolve) => {
    const started = start(stage, { ...options, signal, onEvent: (event) => isAt(event) && resolve(started) })
  })
  await stage.rest()
  controller.abort()
  await informer.close()
  return [informer]
}

async function closedWhileHistoryIsAsked(stage: Stage): Promise<readonly object[]> {
  const storage = new Map()
  const first = start(stage, { persist: { to: memoryPersister(storage) } })
  await first.whenSynced({ signal: stage.signal })
  await stopped(stage, first)
  return [first, ...(await abortedAt(stage, 'history', { persist: { to: memoryPersister(storage) } }))]
}

function closedWhileWatchIsProven(stage: Stage): Promise<readonly object[]> {
  return abortedAt(stage, 'liveness', { clock: stage.quickClock })
}

async function closedWhileListIsOut(stage: Stage): Promise<readonly object[]> {
  const informer = start(stage, { clock: stage.quickClock })
  // A stream that has brought nothing for ten seconds is listed as well.
  await new Promise<void>((resolve) => stage.quickClock.setTimeout(resolve, 11_000))
  return [await stopped(stage, informer)]
}

async function persisted(stage: Stage): Promise<readonly object[]> {
  const storage = new Map()
  const lives: object[] = []
  for (const source of ['stream', 'persisted'] as const) {
    const informer = start(stage, { persist: { to: memoryPersister(storage) } })
    const synced = await informer.whenSynced()
    if (synced.source !== source) throw new Error(`synced from ${synced.source}, not ${source}`)
    lives.push(await stopped(stage, informer))
  }
  return lives
}

async function persistence(stage: Stage): Promise<readonly object[]> {
  const { scope } = new ListWatch(stage.client, ConfigMap)
  const store = new Store<ConfigMap>()
  const persistence = new StorePersistence(store, memoryPersister(), { ...scope, user: '', version: '' }, { clock: stage.clock })
  await persistence.start({ signal: stage.signal })
  store.replace([{ metadata: { name: 'a' } }], '1')
  return [await stopped(stage, persistence), store]
}

async function handled(stage: Stage): Promise<readonly object[]> {
  const informer = start(stage, { resyncPeriodMs: 60_000, indexers: { app: ({ metadata }) => [metadata.labels?.app ?? ''] } })
  const seen: ConfigMap[] = []
  const kept = informer.addEventHandler({ onAdd: (object) => seen.push(object) }, { resyncPeriodMs: 30_000, maxBacklog: 5 })
  const removed = informer.addEventHandler({ onAdd: () => undefined })
  await removed.whenSynced({ signal: stage.signal })
  removed.close()
  await kept.whenSynced({ signal: stage.signal })
  informer.subscribe(() => undefined)
  informer.store.subscribe(() => undefined)
  // Not before the informer stops.
  const future = informer.waitForResourceVersion('999999999', { signal: stage.signal }).catch(() => undefined)
  await stopped(stage, informer)
  await future
  return [informer, kept, removed, ...seen]
}

async function looped(stage: Stage): Promise<readonly object[]> {
  const informer = start(stage)
  const controller = new AbortController()
  const loop = async (signal: AbortSignal | undefined, onChange: (count: number) => 'go on' | 'leave') => {
    let count = 0
    for await (const _ of informer.changes({ signal })) if (onChange(++count) === 'leave') return
  }
  const abort = () => {
    controller.abort()
    return 'go on' as const
  }
  await informer.whenSynced()
  const toTheEnd = loop(stage.signal, () => 'go on')
  await Promise.all([loop(stage.signal, (count) => (count === 3 ? 'leave' : 'go on')), loop(controller.signal, abort)])
  await stopped(stage, informer)
  await toTheEnd
  return [informer]
}

async function leased(stage: Stage): Promise<readonly object[]> {
  const factory = new SharedInformerFactory(stage.client, { clock: stage.clock, pack: stage.pack })
  const first = factory.lease(ConfigMap)
  factory.start({ signal: stage.signal })
  const second = factory.lease(ConfigMap)
  const pinned = factory.informer(Secret)
  await factory.whenSynced({ signal: stage.signal })
  first.release()
  second.release()
  await stopped(stage, factory)
  return [factory, first, second, first.informer, pinned]
}
