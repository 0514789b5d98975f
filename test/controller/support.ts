import type { KubeObject } from '../../src/api/object'
import { type Entry, entryFromObject } from '../../src/codec/entry'
import type { ControllerHandler, ControllerRegistration, ControllerSource } from '../../src/controller/source'
import type { StoreChange } from '../../src/store/changes'

/** An informer without a server: a test says what there is, and when it has synced. */
export class TestSource<T extends KubeObject = KubeObject> implements ControllerSource<T> {
  readonly #entries = new Map<string, Entry<T>>()
  readonly #handlers = new Set<ControllerHandler<T>>()
  readonly #sync: Promise<void>
  #settle = { resolve: () => {}, reject: (_error: Error) => {} }

  constructor() {
    this.#sync = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
  }

  get handlers(): number {
    return this.#handlers.size
  }

  addEventHandler(handler: ControllerHandler<T>): ControllerRegistration {
    this.#handlers.add(handler)
    for (const entry of this.#entries.values()) handler.onChange({ type: 'added', entry })
    return { whenSynced: () => this.#sync, close: () => void this.#handlers.delete(handler) }
  }

  synced(): this {
    this.#settle.resolve()
    return this
  }

  fail(error: Error): void {
    this.#settle.reject(error)
  }

  set(object: T): void {
    const entry = entryFromObject(object)
    const previous = this.#entries.get(entry.name)
    this.#entries.set(entry.name, entry)
    this.#tell(previous ? { type: 'updated', entry, previous } : { type: 'added', entry })
  }

  delete(name: string): void {
    const entry = this.#entries.get(name)
    this.#entries.delete(name)
    if (entry) this.#tell({ type: 'deleted', entry })
  }

  resync(): void {
    for (const entry of this.#entries.values()) this.#tell({ type: 'resynced', entry })
  }

  #tell(change: StoreChange<T>): void {
    for (const handler of this.#handlers) handler.onChange(change)
  }
}

export const named = (name: string, metadata: Omit<KubeObject['metadata'], 'name' | 'namespace'> = {}): KubeObject => ({
  metadata: { name, namespace: 'shop', ...metadata },
})
