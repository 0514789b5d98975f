import 'fake-indexeddb/auto'
import { IDBFactory } from 'fake-indexeddb'

/** An empty IndexedDB in the place of the one before. */
export function freshIndexedDB(): void {
  globalThis.indexedDB = new IDBFactory()
}

/** A connection beside the persister's own: to look at what is stored, and to damage it. */
export async function openRaw(database: string): Promise<IDBDatabase> {
  const request = indexedDB.open(database)
  await settled(request)
  return request.result
}

/** Waits for a request, as long as it takes. */
export function settled<R>(request: IDBRequest<R>): Promise<R> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

/** Runs a callback in a transaction of its own on a persister's object store, and waits until that is complete. */
export async function inStore<R>(database: string, work: (store: IDBObjectStore) => IDBRequest<R>): Promise<R> {
  const db = await openRaw(database)
  const transaction = db.transaction('snapshots', 'readwrite')
  const request = work(transaction.objectStore('snapshots'))
  await new Promise<void>((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error)
  })
  db.close()
  return request.result
}

const REQUESTS = ['get', 'getAll', 'count', 'put', 'delete', 'openKeyCursor'] as const

/**
 * Ends the storage at a request, counted from 0: that request's transaction is aborted, before the request is made or after it was
 * granted, and so is every later one, until {@link Kill.restart}.
 */
export class Kill {
  readonly #originals = REQUESTS.map((name) => [name, IDBObjectStore.prototype[name]] as const)
  #left: number

  constructor(at: number, when: 'before' | 'after') {
    this.#left = at
    for (const [name, original] of this.#originals) {
      const dying = (store: IDBObjectStore, args: unknown[]): unknown => {
        const dead = this.#left-- <= 0
        if (dead && when === 'before') store.transaction.abort()
        const request = Reflect.apply(original, store, args) as IDBRequest
        if (dead) request.addEventListener('success', () => store.transaction.abort())
        return request
      }
      Object.defineProperty(IDBObjectStore.prototype, name, {
        configurable: true,
        writable: true,
        value(this: IDBObjectStore, ...args: unknown[]) {
          return dying(this, args)
        },
      })
    }
  }

  restart(): void {
    for (const [name, value] of this.#originals)
      Object.defineProperty(IDBObjectStore.prototype, name, { configurable: true, writable: true, value })
  }
}
