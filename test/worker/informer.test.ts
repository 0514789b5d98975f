// Informers that run in a Worker, and their fallback to the main thread.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { KubeClient } from '../../src/http/client'
import { idbPersister } from '../../src/idb'
import { createInformer, type InformerOptions } from '../../src/informer/create-informer'
import { SharedInformerFactory } from '../../src/informer/factory'
import { eachAllowed } from '../../src/informer/namespaces/each-allowed'
import { metadata } from '../../src/informer/sources/metadata'
import { memoryPersister } from '../../src/persistence/memory/memory-persister'
import { ConfigMap } from '../../src/resources/core/v1'
import { inWorker } from '../../src/worker/page/in-worker'
import { CHUNK_SIZE } from '../../src/worker/protocol'
import { briefState } from '../conformance/brief'
import { freshIndexedDB } from '../persistence/support/fake-idb'
import { Site } from './site'

beforeEach(freshIndexedDB)
afterEach(() => vi.unstubAllGlobals())

describe('an informer in a Worker', () => {
  test('an informer in a Worker has the state of the server, and sends no request from the main thread', async () => {
    const site = new Site(['a', 'b'])
    await using informer = site.inform()
    await site.caughtUp(informer)
    site.update('a')
    site.delete('b')
    await site.caughtUp(informer)
    expect(site.here).toEqual([])
    expect(site.there).toHaveLength(1)
    expect(site.reports).toEqual([])
  })

  test('informers of one client share a Worker, which ends with the last of them', async () => {
    const site = new Site(['a'])
    const client = site.client()
    const [first, second] = [site.inform({}, client), site.inform({ namespace: 'shop' }, client)]
    await site.caughtUp(first)
    await site.caughtUp(second)
    expect(site.workers).toHaveLength(1)
    await first.close()
    await site.settle()
    expect(site.workers[0]?.isTerminated).toBe(false)
    site.update('a')
    await site.caughtUp(second)
    await second.close()
    await site.settle()
    expect(site.workers[0]?.isTerminated).toBe(true)
    site.expectNothingLeft()
    const third = site.inform({}, client)
    await site.caughtUp(third)
    await third.close()
    expect(site.workers).toHaveLength(2)
  })

  test('an informer of a factory can run in a Worker', async () => {
    const site = new Site(['a'])
    await using factory = new SharedInformerFactory(site.client(), site.options as ConstructorParameters<typeof SharedInformerFactory>[1])
    factory.start()
    const informer = factory.informer(ConfigMap)
    await site.caughtUp(informer)
    expect(site.here).toEqual([])
    await factory.close()
    await site.settle()
    expect(site.workers.map(({ isTerminated }) => isTerminated)).toEqual([true])
  })

  test('an informer of metadata can run in a Worker', async () => {
    const site = new Site(['a'])
    await using informer = createInformer(site.client(), ConfigMap, {
      ...(site.options as object),
      source: metadata(),
    })
    await site.until('the metadata', () => informer.hasSynced)
    expect(informer.lister.list().map(({ object }) => Object.keys(object).sort())).toEqual([['apiVersion', 'kind', 'metadata']])
    expect(site.here).toEqual([])
  })

  test('an informer uses a Worker of the caller, and does not terminate it', async () => {
    const site = new Site(['a'])
    const worker = site.startWorker()
    const informer = site.inform({ worker: inWorker(worker) })
    await site.caughtUp(informer)
    await informer.close()
    await site.settle()
    expect(site.workers[0]?.isTerminated).toBe(false)
    site.expectNothingLeft()
  })

  test('an informer in a Worker persists there, and resumes on the next visit without a list', async () => {
    const site = new Site(['a', 'b'])
    const first = site.inform({ persist: { to: idbPersister({ database: 'test' }) } })
    await site.caughtUp(first)
    site.update('a')
    await site.caughtUp(first)
    await first.close()
    expect(first.persistence?.status).toBe('stopped')
    site.there.length = 0
    const second = site.inform({ persist: { to: idbPersister({ database: 'test' }) } })
    await site.caughtUp(second)
    expect(second.status.source).toBe('persisted')
    await second.close()
    expect(site.there).toHaveLength(1)
    expect(site.there[0]).toContain('resourceVersion=103')
    expect(site.reports).toEqual([])
  })

  test('flushing or closing a stopped informer starts no Worker', async () => {
    const site = new Site(['a'])
    const informer = site.inform({ persist: { to: idbPersister({ database: 'test' }) } })
    await site.caughtUp(informer)
    await informer.close()
    await informer.persistence?.flush()
    await informer.close()
    expect(site.workers.map(({ isTerminated }) => isTerminated)).toEqual([true])
    expect(site.reports).toEqual([])
  })

  test('an informer that is stopped before it starts releases its Worker', async () => {
    const site = new Site(['a'])
    const informer = site.inform()
    await informer.close()
    await site.advance(20_000)
    expect(site.workers.every(({ isTerminated }) => isTerminated)).toBe(true)
    expect(site.reports).toEqual([])
    site.expectNothingLeft()
  })

  test('an informer in a Worker falls back to single namespaces when the cluster is denied, and persists each of them', async () => {
    const site = new Site(['a'])
    const fault = { type: 'status', status: 403, reason: 'Forbidden' } as const
    site.server.faults.add({ match: ({ namespace = '' }) => namespace === '', times: Number.POSITIVE_INFINITY, fault })
    for (const session of ['first', 'second']) {
      site.there.length = 0
      const informer = site.inform({ namespaces: eachAllowed(['shop']), persist: { to: idbPersister({ database: 'test' }) } })
      await site.until('the state', () => briefState(informer.indexer.list()) === site.state && informer.hasSynced)
      await informer.close()
      expect(site.there.some((search) => search.includes('resourceVersion=101'))).toBe(session === 'second')
    }
    expect(site.here).toEqual([])
    await site.until('the Workers to end', () => site.workers.every(({ isTerminated }) => isTerminated))
    expect(site.workers).toHaveLength(2)
    site.expectNothingLeft()
  })

  test('a persister that works only on the main thread runs there', async () => {
    const site = new Site(['a'])
    const persister = memoryPersister()
    const first = site.inform({ persist: { to: persister } })
    await site.caughtUp(first)
    await first.close()
    const second = site.inform({ persist: { to: persister } })
    await site.caughtUp(second)
    expect(second.status.source).toBe('persisted')
    await second.close()
    expect(site.here).toEqual([])
  })
})

describe('an informer that falls back to the main thread', () => {
  const cases: Record<string, { options: (site: Site) => InformerOptions<ConfigMap>; client?: (site: Site) => KubeClient; why: RegExp }> = {
    'where there are no Workers': { options: () => ({ worker: inWorker() }), why: /no Worker could be started: this runtime has none/ },
    'where Workers are forbidden': {
      options: () => ({
        worker: inWorker(() => {
          throw new DOMException('denied by the policy', 'SecurityError')
        }),
      }),
      why: /no Worker could be started: denied by the policy/,
    },
    'when the Worker cannot be loaded': {
      options: () => ({
        worker: inWorker(() => {
          const target = new EventTarget() as Worker
          target.postMessage = () => void setTimeout(() => target.dispatchEvent(new Event('error')))
          target.terminate = () => {}
          return target
        }),
      }),
      why: /the Worker failed: it cannot be loaded/,
    },
    'when the Worker never responds': {
      options: () => ({ worker: inWorker(Object.assign(new EventTarget(), { postMessage() {} }) as unknown as Worker) }),
      why: /did not respond for 10 s: does it import kubeflect\/worker\?/,
    },
    'for a client with a custom fetch': {
      options: () => ({}),
      client: ({ baseUrl }) => new KubeClient({ baseUrl, fetch: (request) => globalThis.fetch(request) }),
      why: /the client has its own fetch, hooks or watchOver/,
    },
  }
  for (const [title, { options, client, why }] of Object.entries(cases)) {
    test(`an informer falls back to the main thread and reports the reason once ${title}`, async () => {
      const site = new Site(['a'])
      const persister = idbPersister({ database: 'test' })
      await using informer = site.inform({ ...options(site), persist: { to: persister } }, client?.(site))
      await site.caughtUp(informer)
      site.update('a')
      await site.caughtUp(informer)
      expect(site.reports).toEqual([expect.objectContaining({ name: 'KubeError', message: expect.stringMatching(why) })])
      expect(site.events.filter((type) => type === 'error')).toHaveLength(1)
      expect(site.there).toEqual([])
      await informer.persistence?.flush()
      expect(informer.persistence?.status).toBe('active')
    })
  }
})

describe('a Worker that dies', () => {
  test('a Worker that dies is replaced by the main thread, which continues the watch and persists everything again', async () => {
    const site = new Site(['a', 'b'])
    const first = site.inform({ persist: { to: idbPersister({ database: 'test' }) }, silenceMs: 20_000 })
    await site.caughtUp(first)
    await first.persistence?.flush()
    site.workers[0]?.terminate()
    site.update('b')
    await site.caughtUp(first)
    expect(site.here.some((search) => search.includes('watch=true') && !search.includes('sendInitialEvents'))).toBe(true)
    expect(site.reports[0]).toMatchObject({
      message: expect.stringMatching(/falling back to the main thread: .* did not respond/),
    })
    await site.until('the state to be stored', () => first.persistence?.status === 'active')
    site.update('a')
    await site.caughtUp(first)
    await site.advance(5_000)
    await first.close()
    expect(first.persistence?.status).toBe('stopped')

    site.here.length = 0
    const second = site.inform({ persist: { to: idbPersister({ database: 'test' }) }, worker: undefined })
    await site.caughtUp(second)
    expect(second.status.source).toBe('persisted')
    await second.close()
    expect(site.here).toEqual([expect.stringContaining('resourceVersion=104')])
  })

  test('a Worker that dies during hydration makes the main thread deliver the batches from the beginning', async () => {
    const site = new Site([])
    for (const name of ['a', 'b', 'c']) site.create(name, { data: { wide: name.repeat(CHUNK_SIZE * 5) } })
    const first = site.inform({ persist: { to: idbPersister({ database: 'test' }) } })
    await site.caughtUp(first)
    await first.close()
    const arrived: string[] = []
    await using second = site.inform({
      persist: { to: idbPersister({ database: 'test' }), loadTimeoutMs: 60_000 },
      onArrival: (entries, before) => {
        arrived.push(`${before}: ${entries.map(({ name }) => name)}`)
        if (arrived.length > 1) return
        site.workers[1]?.terminate()
        site.workers[1]?.dispatchEvent(new Event('error'))
      },
    })
    await site.caughtUp(second)
    expect(second.status.source).toBe('persisted')
    expect(arrived).toEqual(['0: c', '0: c', '1: b', '2: a'])
  })

  test('an informer falls back at once when the runtime reports that its Worker has failed', async () => {
    const site = new Site(['a'])
    await using informer = site.inform()
    await site.caughtUp(informer)
    const [worker] = site.workers
    worker?.terminate()
    worker?.dispatchEvent(new Event('error'))
    site.update('a')
    await site.advance(10_000)
    await site.caughtUp(informer)
    expect(site.here).toHaveLength(1)
  })

  test('an informer keeps a Worker that continues after an error', async () => {
    const site = new Site(['a'])
    await using informer = site.inform()
    await site.caughtUp(informer)
    site.workers[0]?.dispatchEvent(new Event('error'))
    await site.advance(30_000)
    site.update('a')
    await site.caughtUp(informer)
    expect(site.here).toEqual([])
    expect(site.reports).toEqual([])
  })
})
