import type { ControllerHandler, ControllerRegistration, ControllerSource } from '../../src/controller/source'
import type { KubeObject } from '../../src/meta/object'

/** An informer without a server: a test says what there is, and when it has synced. */
export class TestSource<T extends KubeObject = KubeObject> implements ControllerSource<T> {
  readonly #objects = new Map<string, T>()
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
    for (const object of this.#objects.values()) handler.onAdd(object)
    return { whenSynced: () => this.#sync, remove: () => void this.#handlers.delete(handler) }
  }

  synced(): this {
    this.#settle.resolve()
    return this
  }

  fail(error: Error): void {
    this.#settle.reject(error)
  }

  set(object: T): void {
    const name = object.metadata.name ?? ''
    const old = this.#objects.get(name)
    this.#objects.set(name, object)
    for (const handler of this.#handlers) {
      if (old) handler.onUpdate(old, object)
      else handler.onAdd(object)
    }
  }

  delete(name: string): void {
    const old = this.#objects.get(name)
    this.#objects.delete(name)
    for (const handler of this.#handlers) if (old) handler.onDelete(old)
  }

  resync(): void {
    for (const object of this.#objects.values()) for (const handler of this.#handlers) handler.onUpdate(object, object)
  }
}

export const named = (name: string, metadata: Omit<KubeObject['metadata'], 'name' | 'namespace'> = {}): KubeObject => ({
  metadata: { name, namespace: 'shop', ...metadata },
})
