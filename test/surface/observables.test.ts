// Every observable class follows one convention: a bound subscribe and a stable snapshot.

import { reactive } from '@vue/reactivity'
import ts from 'typescript'
import { describe, expect, it, test } from 'vitest'
import { readEntries, withExports } from '../../scripts/check-docstrings.ts'
import type { KubeObject } from '../../src/api/object'
import * as controller from '../../src/controller.ts'
import * as devtools from '../../src/devtools.ts'
import * as discovery from '../../src/discovery.ts'
import * as kubeflect from '../../src/index.ts'
import * as live from '../../src/live.ts'
import * as queue from '../../src/queue.ts'
import { FakeApiServer, VirtualClock } from '../../src/testing.ts'

const { createInformer, createView, defineResource, Indexer, ListWatch, memoryPersister, Reflector, Store, StorePersistence } = kubeflect

const Pod = defineResource({ version: 'v1', plural: 'pods', kind: 'Pod', scope: 'Namespaced' })
const pod = (name: string): KubeObject => ({ metadata: { name, namespace: 'shop', uid: name, resourceVersion: '1' } })
const client = () => {
  const server = new FakeApiServer()
  return new kubeflect.KubeClient({ baseUrl: 'http://api', fetch: server.fetch })
}

/** Something with `subscribe`, and what follows it. */
interface Case {
  readonly subscribe: (listener: () => void) => () => void
  /** What is read beside it, as the second argument of `useSyncExternalStore`; one that needs no `this` is given as it is. */
  readonly getSnapshot: () => unknown
  /** Makes a change that listeners are called for. */
  change(): unknown
}

/** Every class of the package that has a `subscribe`, by its name. */
const cases: Readonly<Record<string, () => Case>> = {
  Store: () => {
    const store = new Store<KubeObject>()
    return { subscribe: store.subscribe, getSnapshot: store.list, change: () => store.add(pod('a')) }
  },
  Indexer: () => {
    const indexer = new Indexer<KubeObject>()
    return { subscribe: indexer.subscribe, getSnapshot: indexer.list, change: () => indexer.add(pod('a')) }
  },
  View: () => {
    const store = new Store<KubeObject>()
    const view = createView(store)
    const change = () => {
      store.add(pod('a'))
      view.flush()
    }
    return { subscribe: view.subscribe, getSnapshot: () => view.snapshot, change }
  },
  History: () => {
    const store = new Store<KubeObject>()
    const history = live.createHistory(store)
    return { subscribe: history.subscribe, getSnapshot: () => history.snapshot, change: () => store.add(pod('a')) }
  },
  OwnerGraph: () => {
    const store = new Store<KubeObject>()
    const graph = live.createOwnerGraph([store], { schedule: queueMicrotask })
    const change = async () => {
      store.add(pod('a'))
      await Promise.resolve()
    }
    return { subscribe: graph.subscribe, getSnapshot: () => graph.snapshot, change }
  },
  Inspector: () => {
    const clock = new VirtualClock()
    const inspector = devtools.createInspector({ clock })
    const change = async () => {
      inspector.cut()
      await clock.advance(1_000)
    }
    return { subscribe: inspector.subscribe, getSnapshot: () => inspector.snapshot, change }
  },
  SharedInformer: () => {
    const informer = createInformer(client(), Pod)
    return { subscribe: informer.subscribe, getSnapshot: () => informer.status, change: () => informer.close() }
  },
  Reflector: () => {
    const reflector = new Reflector(new ListWatch(client(), Pod), new Store())
    const change = () => reflector.run({ signal: AbortSignal.abort() })
    return { subscribe: reflector.subscribe, getSnapshot: () => reflector.status, change }
  },
  StorePersistence: () => {
    const scope = { cluster: 'c', user: '', resource: 'pods/v1', namespace: '', labelSelector: '', fieldSelector: '', version: '' }
    const persistence = new StorePersistence(new Store(), memoryPersister(), scope)
    return { subscribe: persistence.subscribe, getSnapshot: () => persistence.status, change: () => persistence.start() }
  },
}

describe.each(Object.entries(cases))('%s', (name, make) => {
  it(`${name} calls listeners of a detached subscribe function until they unsubscribe`, async () => {
    const { subscribe, getSnapshot, change } = make()
    const before = getSnapshot()
    const calls: unknown[] = []
    const leave = subscribe(() => calls.push(getSnapshot()))
    subscribe(() => undefined)()
    await change()
    expect(calls.length).toBeGreaterThan(0)
    expect(calls[0]).not.toBe(before)
    leave()
    leave()
  })

  it(`${name} returns the same snapshot until something changes, as useSyncExternalStore requires`, () => {
    const { getSnapshot } = make()
    expect(getSnapshot()).toBe(getSnapshot())
  })

  it(`${name} refuses a listener that is not a function`, () => {
    expect(() => make().subscribe(undefined as never)).toThrow(/listener must be a function, got undefined/)
  })
})

test('every exported class with a subscribe method has a case in this file', () => {
  const entries = readEntries().filter(({ name }) => !name.includes('/resources/'))
  const observable = withExports(entries, (symbols, checker) => {
    const exported = [...symbols.values()]
      .flat()
      .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol))
    const classes = exported.filter(({ flags }) => flags & ts.SymbolFlags.Class)
    return classes.filter((symbol) => checker.getDeclaredTypeOfSymbol(symbol).getProperty('subscribe')).map(({ name }) => name)
  })
  expect(observable.sort()).toEqual(Object.keys(cases).sort())
}, 60_000)

test('Vue does not wrap instances of any class in a proxy, behind which private fields are unreadable', () => {
  const classes = [kubeflect, controller, devtools, discovery, live, queue]
    .flatMap(Object.values)
    .filter((value) => typeof value === 'function' && /^class\b/.test(String(value)))
  const wrapped = classes.filter((each) => {
    const instance = Object.create(each.prototype)
    return !(instance instanceof Error) && reactive(instance) !== instance
  })
  expect(classes.length).toBeGreaterThan(20)
  expect(wrapped.map(({ name }) => name)).toEqual([])
  const view = createView(new Store())
  expect(reactive({ view }).view.snapshot.total).toBe(0)
})

test('every disposable type also has a close or release method', () => {
  const entries = readEntries().filter(({ name }) => !name.includes('/resources/'))
  const plain = withExports(entries, (symbols, checker) => {
    const exported = [...symbols.values()]
      .flat()
      .map((symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol))
      .filter(({ flags }) => flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface))
    return exported.flatMap((symbol) => {
      const members = checker
        .getDeclaredTypeOfSymbol(symbol)
        .getProperties()
        .map(({ name }) => name)
      if (!members.some((name) => /^__@(asyncD|d)ispose@/.test(name))) return []
      return [`${symbol.name}: ${members.find((name) => /^(close|release)$/.test(name))}`]
    })
  })
  expect(plain.sort()).toEqual([
    'ClusterConnection: close',
    'EventRecorder: close',
    'ExecProcess: close',
    'ForwardedPort: close',
    'HandlerRegistration: close',
    'History: close',
    'InformerLease: release',
    'InteractiveProcess: close',
    'Live: close',
    'PortConnection: close',
    'Relay: close',
    'SharedInformer: close',
    'SharedInformerFactory: close',
    'StorePersistence: close',
    'View: close',
  ])
}, 60_000)
