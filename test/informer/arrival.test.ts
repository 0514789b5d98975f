import { beforeEach, describe, expect, test } from 'vitest'
import { KubeClient } from '../../src/http/client'
import { idbPersister } from '../../src/idb'
import { createInformer, type InformerOptions } from '../../src/informer/create-informer'
import { SharedInformerFactory } from '../../src/informer/factory'
import type { SharedInformer } from '../../src/informer/shared-informer'
import { metadata } from '../../src/informer/sources/metadata'
import { memoryPersister } from '../../src/persistence/memory/memory-persister'
import type { Persister } from '../../src/persistence/persister'
import { Pod } from '../../src/resources/core/v1'
import { inWorker } from '../../src/worker/page/in-worker'
import { freshIndexedDB } from '../persistence/support/fake-idb'
import { LocalWorker } from '../worker/support'

type Told = [names: string[], before: number]

const pod = (name: string, resourceVersion: string) => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name, namespace: 'shop', uid: name, resourceVersion },
})
const event = (type: string, object: object) => `${JSON.stringify({ type, object })}\n`
const end = event('BOOKMARK', {
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { resourceVersion: '9', annotations: { 'k8s.io/initial-events-end': 'true' } },
})

const states = {
  stream: ['a', 'b', 'c'].map((name) => event('ADDED', pod(name, '1'))).join('') + end,
  list: JSON.stringify({
    kind: 'PodList',
    apiVersion: 'v1',
    metadata: { resourceVersion: '9' },
    items: ['a', 'b', 'c'].map((name) => pod(name, '1')),
  }),
}

/** A server whose first answers stop, or end, in the midst of the third object, until they are told to go on. */
function stoppingServer(initialList: 'stream' | 'list', { lost = 0 } = {}) {
  const bytes = new TextEncoder().encode(states[initialList])
  const middle = states[initialList].indexOf('"name":"c"')
  let goOn = () => {}
  const fetch = async (request: Request): Promise<Response> => {
    const { searchParams } = new URL(request.url)
    // Whether it has the stored state's history is not said.
    if (searchParams.get('resourceVersionMatch') === 'Exact') return new Response(null, { status: 403 })
    if (searchParams.has('watch') && !searchParams.has('sendInitialEvents')) return new Response(new ReadableStream())
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(bytes.slice(0, middle))
        if (lost-- > 0) controller.close()
        goOn = () => {
          controller.enqueue(bytes.slice(middle))
          if (initialList === 'list') controller.close()
        }
      },
    })
    return new Response(body, { headers: { 'content-type': 'application/json' } })
  }
  return { fetch, goOn: () => goOn() }
}

/** What an informer tells, and when it has told so often. */
function listener() {
  const told: Told[] = []
  const waiting: { readonly times: number; resolve(): void }[] = []
  return {
    told,
    onArrival: (entries: readonly { readonly name: string }[], before: number) => {
      told.push([entries.map(({ name }) => name), before])
      for (const { times, resolve } of waiting) if (told.length >= times) resolve()
    },
    times: (times: number) => new Promise<void>((resolve) => void waiting.push({ times, resolve })),
  }
}

const ways: Record<string, (fetch: (request: Request) => Promise<Response>) => [KubeClient, InformerOptions<Pod>]> = {
  'on the main thread': (fetch) => [new KubeClient({ baseUrl: 'http://cluster', fetch }), {}],
  'through a transform': (fetch) => [new KubeClient({ baseUrl: 'http://cluster', fetch }), { transform: (object) => ({ ...object }) }],
  'by a Worker': (fetch) => [new KubeClient({ baseUrl: 'http://cluster' }), { worker: inWorker(new LocalWorker(fetch).worker) }],
}

describe.each(['stream', 'list'] as const)('the first state (%s)', (initialList) => {
  test.each(Object.entries(ways))(
    'the initial state is delivered while it arrives, and is in the store when it is complete (%s)',
    async (_way, make) => {
      const server = stoppingServer(initialList)
      const { told, onArrival, times } = listener()
      const begun = times(1)
      const [client, options] = make(server.fetch)
      await using informer = createInformer(client, Pod, { initialList, onArrival, ...options })
      await begun
      expect(told).toEqual([[['a', 'b'], 0]])
      expect(informer.indexer.size).toBe(0)
      server.goOn()
      await informer.whenSynced()
      expect(told).toEqual([
        [['a', 'b'], 0],
        [['c'], 2],
      ])
      expect(informer.indexer.keys()).toEqual(['shop/a', 'shop/b', 'shop/c'])
    },
  )

  test('the initial state is delivered from the start when it has to be read again', async () => {
    const server = stoppingServer(initialList, { lost: 1 })
    const { told, onArrival, times } = listener()
    const begunAgain = times(2)
    const client = new KubeClient({ baseUrl: 'http://cluster', fetch: server.fetch })
    await using informer = createInformer(client, Pod, { initialList, onArrival, backoff: { initialMs: 1 } })
    await begunAgain
    expect(told).toEqual(Array(2).fill([['a', 'b'], 0]))
    server.goOn()
    await informer.whenSynced()
  })

  test('the initial state is delivered with metadata alone, where only that is read', async () => {
    const server = stoppingServer(initialList)
    const { onArrival, times } = listener()
    const begun = times(1)
    const texts: string[] = []
    const client = new KubeClient({ baseUrl: 'http://cluster', fetch: server.fetch })
    await using _informer = createInformer(client, Pod, {
      source: metadata(),
      initialList,
      onArrival: (entries, before) => {
        for (const { object } of entries) texts.push(object.kind ?? '')
        onArrival(entries, before)
      },
    })
    await begun
    expect(texts).toEqual(['PartialObjectMetadata', 'PartialObjectMetadata'])
  })

  test('a factory delivers the initial state with the identity of its informer', async () => {
    const server = stoppingServer(initialList)
    const { told, onArrival, times } = listener()
    const begun = times(1)
    const whose: string[] = []
    await using factory = new SharedInformerFactory(new KubeClient({ baseUrl: 'http://cluster', fetch: server.fetch }), {
      initialList,
      onArrival: (entries, before, { resource, labelSelector }) => {
        whose.push(`${resource.plural} ${labelSelector}`)
        onArrival(entries, before)
      },
    })
    factory.informer(Pod, { labelSelector: 'app=web' })
    factory.start()
    await begun
    expect([whose, told]).toEqual([['pods app=web'], [[['a', 'b'], 0]]])
  })

  test('the initial state arrives even if the listener throws, which is reported', async () => {
    const server = stoppingServer(initialList)
    const errors: unknown[] = []
    const { onArrival, times } = listener()
    const begun = times(1)
    const client = new KubeClient({ baseUrl: 'http://cluster', fetch: server.fetch })
    await using informer = createInformer(client, Pod, {
      initialList,
      onError: (error) => errors.push(error),
      onArrival: (entries, before) => {
        onArrival(entries, before)
        throw new Error('no table')
      },
    })
    await begun
    server.goOn()
    await informer.whenSynced()
    expect(errors.map(String)).toContain('Error: no table')
    expect(informer.indexer.size).toBe(3)
  })
})

/** The names of all parts. A busy machine makes more parts, because each slice of work ends after 8 ms; each says how many came before. */
function joined(told: readonly Told[]): string[] {
  const names: string[] = []
  for (const [part, before] of told) {
    expect(before).toBe(names.length)
    names.push(...part)
  }
  return names
}

describe('the stored state', () => {
  beforeEach(freshIndexedDB)

  const open = () => idbPersister({ database: 'test' })
  const memory = memoryPersister()
  const stored: Record<string, (fetch: (request: Request) => Promise<Response>) => [KubeClient, InformerOptions<Pod>]> = {
    'in memory': (fetch) => [new KubeClient({ baseUrl: 'http://cluster', fetch }), { persist: { to: memory } }],
    'in IndexedDB': (fetch) => [new KubeClient({ baseUrl: 'http://cluster', fetch }), { persist: { to: open() } }],
    'through a transform': (fetch) => [
      new KubeClient({ baseUrl: 'http://cluster', fetch }),
      { persist: { to: open() }, transform: (object) => ({ ...object }) },
    ],
    'by a Worker': (fetch) => [
      new KubeClient({ baseUrl: 'http://cluster' }),
      { persist: { to: open() }, worker: inWorker(() => new LocalWorker(fetch).worker) },
    ],
  }

  test.each(Object.entries(stored))(
    'the stored state is delivered before it is in the store, which has the same entries then (%s)',
    async (_where, make) => {
      {
        const server = stoppingServer('list')
        const [client, options] = make(server.fetch)
        const { onArrival, times } = listener()
        const begun = times(1)
        await using informer = createInformer(client, Pod, { initialList: 'list', onArrival, ...options })
        await begun
        server.goOn()
        await informer.whenSynced()
      }
      const [client, options] = make(stoppingServer('list').fetch)
      const { told, onArrival } = listener()
      const sizes: number[] = []
      const arrived: unknown[] = []
      await using informer: SharedInformer<Pod> = createInformer(client, Pod, {
        ...options,
        onArrival: (entries, before) => {
          onArrival(entries, before)
          sizes.push(informer.indexer.size)
          arrived.push(...entries)
        },
      })
      expect(await informer.whenSynced()).toEqual({ source: 'persisted' })
      expect(joined(told)).toEqual(['c', 'b', 'a'])
      expect(new Set(sizes)).toEqual(new Set([0]))
      expect(informer.indexer.keys()).toEqual(['shop/a', 'shop/b', 'shop/c'])
      expect(informer.indexer.list().every((entry) => arrived.includes(entry))).toBe(true)
    },
  )

  test('a factory delivers the stored state with the identity of its informer', async () => {
    const persister = memoryPersister()
    const whose: string[] = []
    for (const life of ['first', 'second']) {
      const server = stoppingServer('list')
      const { told, onArrival, times } = listener()
      const begun = times(1)
      await using factory = new SharedInformerFactory(new KubeClient({ baseUrl: 'http://cluster', fetch: server.fetch }), {
        initialList: 'list',
        persist: { to: persister },
        onArrival: (entries, before, { resource, labelSelector }) => {
          whose.push(`${resource.plural} ${labelSelector}, ${life} life`)
          onArrival(entries, before)
        },
      })
      const pods = factory.informer(Pod, { labelSelector: 'app=web' })
      factory.start()
      await begun
      server.goOn()
      await pods.whenSynced()
      if (life === 'second') expect(joined(told)).toEqual(['c', 'b', 'a'])
    }
    expect(whose.at(-1)).toBe('pods app=web, second life')
  })

  const unfinished: Record<string, () => ReturnType<Persister['load']>> = {
    'is damaged': async () => undefined,
    'takes too long': () => new Promise(() => {}),
    'cannot be read': () => Promise.reject(new Error('no disk')),
  }
  test.each(Object.entries(unfinished))(
    'when a stored state %s after all, the server’s state is delivered from the start',
    async (_what, load) => {
      const server = stoppingServer('list')
      const { told, onArrival, times } = listener()
      const listed = times(2)
      const persister: Persister = {
        load: (_scope, options) => {
          options.onRecords?.([{ key: 'shop/z', text: JSON.stringify(pod('z', '1')) }], 0)
          return load()
        },
        commit: async () => {},
        clear: async () => {},
      }
      await using informer = createInformer(new KubeClient({ baseUrl: 'http://cluster', fetch: server.fetch }), Pod, {
        initialList: 'list',
        persist: { to: persister, loadTimeoutMs: 20 },
        onArrival,
        onError: () => {},
      })
      await listed
      server.goOn()
      await informer.whenSynced()
      expect(told).toEqual([
        [['z'], 0],
        [['a', 'b'], 0],
        [['c'], 2],
      ])
      expect(informer.indexer.keys()).toEqual(['shop/a', 'shop/b', 'shop/c'])
    },
  )

  test('the stored state is in the store even if the listener throws, which is reported', async () => {
    const persister = memoryPersister()
    const errors: string[] = []
    const onArrival = () => {
      throw new Error('no table')
    }
    for (const life of ['first', 'second']) {
      const server = stoppingServer('stream')
      const client = new KubeClient({ baseUrl: 'http://cluster', fetch: server.fetch })
      const { onArrival: begin, times } = listener()
      const begun = times(1)
      await using informer = createInformer(client, Pod, {
        persist: { to: persister },
        onArrival: life === 'first' ? begin : onArrival,
        onError: (error) => errors.push(String(error)),
      })
      if (life === 'first') await begun
      server.goOn()
      await informer.whenSynced()
      expect(informer.indexer.size).toBe(3)
    }
    expect(errors).toEqual(['Error: no table'])
  })
})
