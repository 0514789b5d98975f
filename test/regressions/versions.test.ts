// Versions that are opaque, events that are older than the store, and objects that share a name.
import { describe, expect, test } from 'vitest'
import type { Keyed } from '../../src/api/keys'
import type { KubeObject } from '../../src/api/object'
import { entryFromText } from '../../src/codec/entry'
import type { WatchEntry } from '../../src/codec/wire'
import { SharedInformer } from '../../src/informer/shared-informer'
import type { ListerWatcher } from '../../src/source/lister-watcher'
import { VirtualClock } from '../../src/testing'

const entry = (name: string, resourceVersion: string, uid = name) =>
  entryFromText<KubeObject>(
    JSON.stringify({ kind: 'Thing', apiVersion: 'example.com/v1', metadata: { name, namespace: 'shop', uid, resourceVersion } }),
  )
const event = (type: 'ADDED' | 'MODIFIED' | 'DELETED', ...of: Parameters<typeof entry>): WatchEntry<KubeObject> => ({
  type,
  entry: entry(...of),
})

/** An informer of a source that lists these entries, then sends these events one by one. */
async function informed(
  listed: readonly ReturnType<typeof entry>[],
  { resourceVersion = '10', keyFunc }: { resourceVersion?: string; keyFunc?: (object: Keyed) => string } = {},
) {
  const clock = new VirtualClock()
  let send: (events: readonly WatchEntry<KubeObject>[]) => void = () => undefined
  const source: ListerWatcher<KubeObject> = {
    list: async () => ({ entries: listed, resourceVersion, continue: '' }),
    async *watch({ signal }) {
      yield []
      while (!signal?.aborted) {
        const events = await new Promise<readonly WatchEntry<KubeObject>[]>((resolve) => {
          send = resolve
          signal?.addEventListener('abort', () => resolve([]))
        })
        yield events
      }
    },
  }
  const errors: string[] = []
  const informer = new SharedInformer(source, {
    clock,
    initialList: 'list',
    onWake: () => () => undefined,
    onError: () => undefined,
    onEvent: (happened) => happened.type === 'error' && errors.push(String(happened.error)),
    ...(keyFunc && { keyFunc }),
  })
  void informer.run()
  await clock.settle()
  return {
    informer,
    errors,
    send: async (...events: readonly WatchEntry<KubeObject>[]) => {
      send(events)
      await clock.settle()
    },
    state: () => informer.store.list().map(({ name, uid, resourceVersion: version }) => `${name}/${uid}@${version}`),
    [Symbol.asyncDispose]: () => informer[Symbol.asyncDispose](),
  }
}

describe('an event that is older than the store', () => {
  test('an event that is older than the store sets neither its object nor the feed back, and is reported', async () => {
    await using scene = await informed([entry('a', '9')])
    await scene.send(event('MODIFIED', 'a', '20'), event('ADDED', 'b', '21'))
    await scene.send(event('MODIFIED', 'a', '15'), event('DELETED', 'b', '18'))
    expect(scene.state()).toEqual(['a/a@20', 'b/b@21'])
    expect(scene.informer.lastSyncResourceVersion).toBe('21')
    expect(scene.errors).toEqual([expect.stringContaining('shop/a: its version 15'), expect.stringContaining('shop/b: its version 18')])
  })

  test('an event that is older than the store counts when its object is another one of the same name', async () => {
    await using scene = await informed([entry('a', '9')])
    await scene.send(event('MODIFIED', 'a', '20'), event('ADDED', 'a', '15', 'another'))
    expect(scene.state()).toEqual(['a/another@15'])
  })

  test('an event that is older than the store counts where versions are opaque: they have no order', async () => {
    await using scene = await informed([entry('a', 'x9')])
    await scene.send(event('MODIFIED', 'a', 'x8'))
    expect(scene.state()).toEqual(['a/a@x8'])
  })
})

describe('waiting for a version that is opaque', () => {
  test('waiting for a version that is opaque ends at once when an object, or the collection, has it', async () => {
    await using scene = await informed([entry('a', 'v-a')], { resourceVersion: 'list-1' })
    await scene.informer.waitForResourceVersion('v-a')
    await scene.informer.waitForResourceVersion('list-1')
  })

  test('waiting for a version that is opaque ends when an event brings it, also when another one follows in the same batch', async () => {
    await using scene = await informed([entry('a', 'v-a')], { resourceVersion: 'list-1' })
    let reached = false
    const waiting = scene.informer.waitForResourceVersion('v-b').then(() => {
      reached = true
    })
    await scene.send(event('MODIFIED', 'a', 'v-c'))
    expect(reached).toBe(false)
    await scene.send(event('MODIFIED', 'a', 'v-b'), event('MODIFIED', 'a', 'v-d'))
    await waiting
    expect(reached).toBe(true)
  })

  test('waiting for a version still orders versions that are numbers', async () => {
    await using scene = await informed([entry('a', '9')])
    await scene.informer.waitForResourceVersion('7')
    let reached = false
    void scene.informer.waitForResourceVersion('30').then(() => {
      reached = true
    })
    await scene.send(event('MODIFIED', 'a', '29'))
    expect(reached).toBe(false)
    await scene.send(event('MODIFIED', 'a', '31'))
    expect(reached).toBe(true)
  })
})

describe('two objects of one namespace and name', () => {
  const twins = [entry('a', '1', 'first'), entry('a', '2', 'second')]

  test('two objects of one namespace and name are reported, and the last one is kept', async () => {
    await using scene = await informed(twins)
    expect(scene.state()).toEqual(['a/second@2'])
    expect(scene.errors).toEqual([expect.stringContaining('2 objects called shop/a')])
  })

  test('two objects of one namespace and name are reported when a watch changes them in turn', async () => {
    await using scene = await informed([entry('a', '9', 'first')])
    await scene.send(event('MODIFIED', 'a', '20', 'second'), event('MODIFIED', 'a', '21', 'first'))
    expect(scene.state()).toEqual(['a/first@21'])
    expect(scene.errors.every((error) => error.includes('several objects are called shop/a'))).toBe(true)
    expect(scene.errors).toHaveLength(2)
  })

  test('two objects of one namespace and name are both kept where keyFunc tells them apart, and change one by one', async () => {
    const keyFunc = (object: Keyed) => ('metadata' in object ? object.metadata.uid : object.uid) ?? ''
    await using scene = await informed(twins, { keyFunc })
    expect(scene.state()).toEqual(['a/first@1', 'a/second@2'])
    expect(scene.errors).toEqual([])
    await scene.send(event('MODIFIED', 'a', '11', 'first'))
    await scene.send(event('DELETED', 'a', '12', 'second'))
    expect(scene.state()).toEqual(['a/first@11'])
  })
})
