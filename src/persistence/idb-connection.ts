import { PersistenceError } from '../errors'
import type { Clock } from '../internal/clock'

/** Runs a callback in a transaction of the database's one object store; as idb-keyval's `createStore` gives it. */
export type UseStore = <R>(mode: IDBTransactionMode, callback: (store: IDBObjectStore) => R | PromiseLike<R>) => Promise<R>

/** What an {@link IdbConnection} is made of. */
export interface IdbConnectionInit {
  /** The database's name, for messages. */
  readonly database: string
  /** Makes a fresh connection; nothing is opened before it is used. */
  readonly connect: () => UseStore
  /** How long an open may take, in milliseconds. */
  readonly openTimeoutMs: number
  readonly clock: Clock
}

/** How long a transaction may take once the database is open, in milliseconds: longer than any caller waits, so that the next ones get their turn. */
const TRANSACTION_TIMEOUT_MS = 120_000

/** A connection that is opened when it is needed, and once more when it turns out to be dead. */
export class IdbConnection {
  readonly #init: IdbConnectionInit
  #use: UseStore | undefined

  constructor(init: IdbConnectionInit) {
    this.#init = init
  }

  /**
   * Runs `work` in one readwrite transaction and resolves with its result when the transaction is complete. When `work` throws, nothing
   * of it is stored. It must not wait for anything but requests of its store.
   *
   * The transaction is opened by idb-keyval, which leaves its durability to the browser. That is the relaxed one wherever it matters:
   * Firefox and Safari always had it as their default, Chromium since version 121.
   *
   * @throws PersistenceError what `work` throws; otherwise `'quota'` or `'unavailable'` with the storage's own error as `cause`.
   */
  async transact<R>(work: (store: IDBObjectStore) => Promise<R>): Promise<R> {
    try {
      return await this.#once(work)
    } catch (error) {
      // A transaction that failed left nothing behind, so to run it again is safe.
      if (!isLostConnection(error)) throw this.#describe(error)
    }
    this.#use = undefined
    try {
      return await this.#once(work)
    } catch (error) {
      throw this.#describe(error)
    }
  }

  async #once<R>(work: (store: IDBObjectStore) => Promise<R>): Promise<R> {
    const { connect, clock, openTimeoutMs, database } = this.#init
    this.#use ??= connect()
    const use = this.#use
    let waiting = true
    let timer: unknown
    let fail = (_: PersistenceError): void => {}
    const failed = new Promise<never>((_, reject) => {
      fail = reject
    })
    let transaction: IDBTransaction | undefined
    const limit = (ms: number, why: string) => {
      clock.clearTimeout(timer)
      timer = clock.setTimeout(() => {
        waiting = false
        if (transaction) abort(transaction)
        fail(new PersistenceError('unavailable', `the database ${database} ${why} within ${ms} ms`))
      }, ms)
    }
    limit(openTimeoutMs, 'did not open, as another tab may be blocking it,')
    try {
      const done = use('readwrite', (store) => {
        // The caller was told that it failed, so it must not happen after all.
        if (!waiting) return store.transaction.abort() as never
        transaction = store.transaction
        limit(TRANSACTION_TIMEOUT_MS, 'did not complete a transaction')
        // Another tab deletes the database: it would wait for this connection, so let go.
        store.transaction.db.onversionchange = (event) => {
          ;(event.target as IDBDatabase).close()
          if (this.#use === use) this.#use = undefined
        }
        return run(store, work)
      })
      return await Promise.race([done, failed])
    } finally {
      clock.clearTimeout(timer)
    }
  }

  #describe(error: unknown): PersistenceError {
    if (error instanceof PersistenceError) return error
    const { database } = this.#init
    const name = nameOf(error)
    if (name === 'ReferenceError')
      return new PersistenceError(
        'unavailable',
        `the database ${database} cannot be used: this runtime has no IndexedDB; use another persister, such as sqlPersister or memoryPersister`,
        { cause: error },
      )
    if (name === 'QuotaExceededError')
      return new PersistenceError('quota', `the database ${database} may not grow any more`, { cause: error })
    if (name === 'NotFoundError')
      return new PersistenceError(
        'unavailable',
        `the database ${database} exists and is somebody else's; give idbPersister a name of its own`,
        { cause: error },
      )
    const why = error instanceof Error ? error.message : String(error)
    return new PersistenceError('unavailable', `the database ${database} cannot be used: ${why}`, { cause: error })
  }
}

/** The result of a request of a transaction: the only thing that may be awaited in one. */
export function requested<R>(request: IDBRequest<R>): Promise<R> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

async function run<R>(store: IDBObjectStore, work: (store: IDBObjectStore) => Promise<R>): Promise<R> {
  const { transaction } = store
  const ended = new Promise<boolean>((resolve) => {
    transaction.oncomplete = () => resolve(true)
    transaction.onabort = () => resolve(false)
  })
  let result: R
  try {
    result = await work(store)
  } catch (error) {
    abort(transaction)
    await ended
    throw transaction.error ?? error
  }
  if (!(await ended)) throw transaction.error ?? new DOMException('the transaction was aborted', 'AbortError')
  return result
}

function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort()
  } catch {
    // It has ended by itself.
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : ''
}

/** Safari drops connections in the background; a database that is deleted closes them; each browser says it in its own way. */
function isLostConnection(error: unknown): boolean {
  return ['InvalidStateError', 'AbortError', 'UnknownError'].includes(nameOf(error))
}
