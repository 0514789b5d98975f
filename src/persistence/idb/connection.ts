// A connection to IndexedDB that reopens itself and never waits without a bound.

import { PersistenceError } from '../../api/errors'
import type { Clock } from '../../internal/clock'

/** Runs a callback in a transaction of the database's only object store. Made by `createStore` of idb-keyval. */
export type UseStore = <R>(mode: IDBTransactionMode, callback: (store: IDBObjectStore) => R | PromiseLike<R>) => Promise<R>

/** The constructor options of {@link IdbConnection}. */
export interface IdbConnectionInit {
  /** The database's name, for messages. */
  readonly database: string
  /** Makes a new connection, which opens the database on first use. */
  readonly connect: () => UseStore
  /** The maximum time to open the database, in milliseconds. */
  readonly openTimeoutMs: number
  readonly clock: Clock
}

/**
 * The maximum time of a transaction once the database is open, in milliseconds. Longer than any caller waits; it ends a hanging transaction
 * so that the next ones can run.
 */
const TRANSACTION_TIMEOUT_MS = 120_000

/** A connection that opens lazily, and reopens once when it turns out to be dead. */
export class IdbConnection {
  readonly #init: IdbConnectionInit
  #use: UseStore | undefined

  constructor(init: IdbConnectionInit) {
    this.#init = init
  }

  /**
   * Runs `work` in one readwrite transaction and resolves with its result when the transaction is complete. When `work` throws, the
   * transaction is rolled back. `work` must await nothing but requests of its store.
   *
   * idb-keyval opens the transaction and leaves its durability to the browser. All relevant browsers default to relaxed durability: Firefox
   * and Safari always did, Chromium does since version 121.
   *
   * @throws PersistenceError what `work` throws; otherwise `'quota'` or `'unavailable'` with the storage's own error as `cause`.
   */
  async transact<R>(work: (store: IDBObjectStore) => Promise<R>): Promise<R> {
    try {
      return await this.#once(work)
    } catch (error) {
      // A failed transaction was rolled back, so it is safe to run it again.
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
        // The caller has received an error already, so the transaction must not take effect.
        if (!waiting) return store.transaction.abort() as never
        transaction = store.transaction
        limit(TRANSACTION_TIMEOUT_MS, 'did not complete a transaction')
        // Another tab is deleting the database and waits for this connection to close.
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
      return new PersistenceError('quota', `the database ${database} has reached its quota`, { cause: error })
    if (name === 'NotFoundError')
      return new PersistenceError(
        'unavailable',
        `the database ${database} belongs to another application; give idbPersister another database name`,
        { cause: error },
      )
    const why = error instanceof Error ? error.message : String(error)
    return new PersistenceError('unavailable', `the database ${database} cannot be used: ${why}`, { cause: error })
  }
}

/** Resolves with the result of a request, the only kind of promise to await inside a transaction. */
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
    // The transaction has ended by itself.
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : ''
}

/**
 * Whether an error means that the connection was lost. Safari drops connections in the background, and deleting a database closes them;
 * each browser reports that differently.
 */
function isLostConnection(error: unknown): boolean {
  return ['InvalidStateError', 'AbortError', 'UnknownError'].includes(nameOf(error))
}
