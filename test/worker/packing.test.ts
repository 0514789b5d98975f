// Packing in a Worker.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { isKubeError } from '../../src/api/errors'
import { isPackable } from '../../src/codec/entry'
import type { Template } from '../../src/codec/template'
import type { WatchEntry } from '../../src/codec/wire'
import { KubeClient } from '../../src/http/client'
import { packing } from '../../src/informer/packing/packing'
import { ConfigMap } from '../../src/resources/core/v1'
import type { EntryClient } from '../../src/source/list-watch'
import { ReceivedTemplates } from '../../src/worker/page/received-templates'
import { remoteClient } from '../../src/worker/page/remote'
import { entriesOf, type ReplyMessage, TEMPLATE_EVENT } from '../../src/worker/protocol'
import { World } from '../conformance/world'
import { freshIndexedDB } from '../persistence/support/fake-idb'
import { Site } from './site'
import { startConnection } from './support'

beforeEach(freshIndexedDB)
afterEach(() => vi.unstubAllGlobals())
afterEach(() => vi.restoreAllMocks())

const NAMES = ['a', 'b', 'c', 'd', 'e']
const dataOf = (name: string) => ({ name, common: 'The same in all objects of this namespace. '.repeat(20) })

/** A world with objects that are long enough to be packed; `c` has text beyond ASCII. */
function fill<W extends World>(world: W): W {
  for (const name of NAMES) world.create(name, { data: { ...dataOf(name), ...(name === 'c' && { city: '横浜市' }) } })
  return world
}

function start(world: World) {
  const messages: ReplyMessage[] = []
  const note = (message: unknown) => messages.push(message as ReplyMessage)
  const { connection } = startConnection({ baseUrl: world.baseUrl, fetch: world.fetch }, world.clock, note)
  const client = remoteClient(connection, world.baseUrl, { pack: true })
  const direct = new KubeClient({ baseUrl: world.baseUrl, fetch: world.fetch })
  return { messages, client, direct }
}

/** Takes the events of a watch from the beginning up to the end of the initial list. */
async function watched(world: World, client: Pick<EntryClient, 'watchEntries'>): Promise<WatchEntry<ConfigMap>[]> {
  const events: WatchEntry<ConfigMap>[] = []
  const options = { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan', allowWatchBookmarks: true } as const
  const abort = new AbortController()
  const take = async () => {
    for await (const batch of client.watchEntries(ConfigMap, { ...options, namespace: 'shop', signal: abort.signal })) events.push(...batch)
  }
  const taken = take().catch((error: unknown) => expect(error).toBe(abort.signal.reason))
  const isComplete = () => events.some((event) => event.type === 'BOOKMARK' && event.initialEventsEnd)
  for (let turn = 0; turn < 100 && !isComplete(); turn++) await world.advance(20)
  abort.abort()
  await taken
  return events
}

const brief = (event: WatchEntry<ConfigMap>) => ('entry' in event ? `${event.type} ${event.entry.text}` : event.type)

describe('a client whose Worker packs', () => {
  test('lists the same texts as a client on the main thread, most of them packed', async () => {
    const world = fill(new World())
    const { client, direct } = start(world)
    const [packed, plain] = [await client.listEntries(ConfigMap, {}), await direct.listEntries(ConfigMap, {})]
    expect(packed.entries.filter((entry) => !isPackable(entry))).toHaveLength(4)
    expect(packed.entries.map(({ text }) => text)).toEqual(plain.entries.map(({ text }) => text))
    expect(packed.entries.map(({ object }) => object)).toEqual(plain.entries.map(({ object }) => object))
  })

  test('watches the same events as a client on the main thread, and never sends more', async () => {
    const world = fill(new World())
    const { client, direct, messages } = start(world)
    const events = await watched(world, client)
    expect(events.map(brief)).toEqual((await watched(world, direct)).map(brief))
    const sent = messages.flatMap((message) => (message.type === 'chunk' ? (message.cells ?? []) : [])).join('').length
    expect(sent).toBeLessThan(events.map(brief).join('').length)
  })

  test('sends each template once, before the first row that needs it, in each request', async () => {
    const world = fill(new World())
    const { client, messages } = start(world)
    for (let request = 0; request < 2; request++) {
      messages.length = 0
      await watched(world, client)
      const cells = messages.flatMap((message) => (message.type === 'chunk' ? (message.cells ?? []) : []))
      const known: string[] = ['']
      for (let at = 0; at < cells.length; at += 6) {
        const [type, , number = '', parent = '', , template = ''] = cells.slice(at, at + 6)
        if (type === TEMPLATE_EVENT) {
          expect(known).toContain(parent)
          expect(known).not.toContain(number)
          known.push(number)
        } else expect(known).toContain(template)
      }
      expect(known.length).toBeGreaterThan(1)
    }
  })

  test('reads of an object that was listed by one request and watched by another give the same text', async () => {
    const world = fill(new World())
    const { client } = start(world)
    const { entries } = await client.listEntries(ConfigMap, { namespace: 'shop' })
    const events = await watched(world, client)
    expect(events.flatMap((event) => ('entry' in event ? event.entry.text : []))).toEqual(entries.map(({ text }) => text))
  })
})

describe('the templates of a Worker', () => {
  test('a template that is sent again is the same one', () => {
    const received = new ReceivedTemplates()
    const [first, second] = [received.forRequest(), received.forRequest()]
    for (const rows of [first, second]) rows.define('1', '', 'text')
    expect(second.find('1')).toBe(first.find('1'))
  })

  test('a row whose template was lost is an error, which makes a reflector list again', () => {
    const cells = ['shop/a', 'uid', '1', 'packed', '7']
    let error: unknown
    try {
      entriesOf(cells, new ReceivedTemplates().forRequest())
    } catch (thrown) {
      error = thrown
    }
    expect(error).toSatisfy(isKubeError)
  })
})

describe('an informer with packing() in a Worker', () => {
  test('has the state of the server, and unpacks nothing that is not read', async () => {
    let unpacked = 0
    const { forRequest } = ReceivedTemplates.prototype
    vi.spyOn(ReceivedTemplates.prototype, 'forRequest').mockImplementation(function (this: ReceivedTemplates) {
      const rows = forRequest.call(this)
      const find = (number: string) => {
        const { unpack } = rows.find(number)
        return {
          unpack(packed: string, most?: number) {
            // The check of the kind restores the first characters.
            if (most === undefined) unpacked++
            return unpack(packed, most)
          },
        } as Template
      }
      return { ...rows, find }
    })
    const site = fill(new Site([]))
    await using informer = site.inform({ pack: packing() })
    await site.until('the objects', () => informer.hasSynced)
    site.update('b', { data: dataOf('changed') })
    site.delete('d')
    await site.until('the changes', () => informer.indexer.size === 4 && informer.state === 'live')
    await site.advance(5_000)
    expect(informer.indexer.list().filter((entry) => !isPackable(entry)).length).toBeGreaterThanOrEqual(2)
    expect(unpacked).toBe(0)
    await site.caughtUp(informer)
    expect(informer.indexer.get('shop/b')?.object.data).toEqual(dataOf('changed'))
    expect(informer.indexer.get('shop/c')?.object.data).toEqual({ ...dataOf('c'), city: '横浜市' })
    expect(site.here).toEqual([])
  })

  test('keeps its state when the Worker dies, and continues on the main thread', async () => {
    const site = fill(new Site([]))
    await using informer = site.inform({ pack: packing() })
    await site.caughtUp(informer)
    site.workers[0]?.terminate()
    site.update('b', { data: dataOf('changed') })
    await site.caughtUp(informer)
    expect(informer.indexer.get('shop/b')?.object.data).toEqual(dataOf('changed'))
    expect(informer.indexer.get('shop/a')?.object.data).toEqual(dataOf('a'))
  })
})
