import { readFileSync } from 'node:fs'
import * as angular from '@angular/core'
import * as mobx from 'mobx'
import * as rxjs from 'rxjs'
import ts from 'typescript'
import { describe, expect, test, vi } from 'vitest'
import { createView, type Readable, Store, type ViewSnapshot } from '../../src'
import { put, type Thing, thing } from '../view/support'

// Runs the code of the recipes as it stands in the documents.

type Exports = Record<string, (...args: unknown[]) => unknown>

/** Evaluates the first snippet of a recipe. */
function run(recipe: string, modules: Readonly<Record<string, unknown>> = {}): Exports {
  const text = readFileSync(new URL(`../../docs/recipes/${recipe}.md`, import.meta.url), 'utf8')
  const [, code = ''] = /```ts\n([\s\S]*?)```/.exec(text) ?? []
  const { outputText } = ts.transpileModule(code, { compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 } })
  const exported = {}
  new Function('exports', 'require', outputText)(exported, (name: string) => modules[name])
  return exported
}

/** A view that follows its store while it has listeners, and what changes it. */
function setUp() {
  const store = new Store<Thing>()
  let listeners = 0
  const subscribe: typeof store.subscribe = (listener) => {
    const stop = store.subscribe(listener)
    listeners++
    return () => {
      listeners--
      stop()
    }
  }
  const source = { list: store.list, keyOf: store.keyOf.bind(store), subscribe }
  const view: Readable<ViewSnapshot<Thing>> & { flush(): void } = createView(source, { follow: 'whileHeard', schedule: () => {} })
  const add = (name: string) => {
    store.apply(put(thing(name)), '2')
    view.flush()
  }
  return { view, add, listeners: () => listeners }
}

describe('the recipe for', () => {
  test('RxJS emits the present snapshot and each change, and stops following with the last subscription', () => {
    const { view, add, listeners } = setUp()
    const observable = run('rxjs', { rxjs }).fromReadable?.(view) as rxjs.Observable<ViewSnapshot<Thing>>
    expect(listeners()).toBe(0)
    const totals: number[] = []
    const subscription = observable.subscribe(({ total }) => totals.push(total))
    add('a')
    add('b')
    subscription.unsubscribe()
    expect([totals, listeners()]).toEqual([[0, 1, 2], 0])
  })

  test('MobX runs reactions for each change, and follows only while one is there', () => {
    const { view, add, listeners } = setUp()
    const value = run('mobx', { mobx }).fromReadable?.(view) as { current: ViewSnapshot<Thing> }
    const totals: number[] = []
    const stop = mobx.autorun(() => totals.push(value.current.total))
    add('a')
    stop()
    expect([totals, listeners()]).toEqual([[0, 1], 0])
  })

  test('Lit updates its element for each change while it is connected', () => {
    const { view, add, listeners } = setUp()
    const host = { addController: vi.fn(), requestUpdate: vi.fn() }
    const { ReadableController } = run('lit') as unknown as Record<
      string,
      new (
        ...args: unknown[]
      ) => Record<string, () => void> & { value: ViewSnapshot<Thing> }
    >
    const controller = new (ReadableController as NonNullable<typeof ReadableController>)(host, view)
    expect(host.addController).toHaveBeenCalledWith(controller)
    controller.hostConnected?.()
    add('a')
    expect([host.requestUpdate.mock.calls.length, controller.value.total]).toEqual([1, 1])
    controller.hostDisconnected?.()
    expect(listeners()).toBe(0)
  })

  test('Angular sets a signal for each change until its component is destroyed', () => {
    const { view, add, listeners } = setUp()
    const injector = angular.Injector.create({ providers: [] })
    const { fromReadable } = run('angular', { '@angular/core': angular })
    const signal = angular.runInInjectionContext(injector, () => fromReadable?.(view)) as angular.Signal<ViewSnapshot<Thing>>
    add('a')
    expect(signal().total).toBe(1)
    injector.destroy()
    expect(listeners()).toBe(0)
  })
})
