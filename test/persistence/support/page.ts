import { idbPersister } from '../../../src/idb'
import type { Scope, Step } from '../../../src/persistence/persister'
import { contract, Holder, outcome, replace, scopeOf, stored, textsOf } from '../contract'

// What a page of the browser tests can do: each function is called from the test by its name.

const open = (database: string): Holder => new Holder(idbPersister({ database }))

/** Runs one case of the contract, on a database of its own. */
export async function runCase(title: string): Promise<void> {
  const found = contract.find((each) => each.title === title)
  if (found === undefined) throw new RangeError(`no such case: ${title}`)
  await found.run({ open: () => new Holder(idbPersister({ database: title, whenIdle: (tidy) => tidy() })) })
}

/** What the database holds for the tests' scope. */
export const read = (database: string): Promise<string> => stored(open(database))

/** Stores `count` objects of `size` random characters, and says how that went. Random text does not get smaller by compression. */
export function fill(database: string, count: number, size: number): Promise<string> {
  const random = () => Array.from(crypto.getRandomValues(new Uint8Array(32_768)), (byte) => byte.toString(16).padStart(2, '0')).join('')
  const noise = Array.from({ length: Math.ceil(size / 65_536) }, random)
    .join('')
    .slice(0, size)
  return outcome(
    open(database).commit(scopeOf(), replace('1', Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, `${n}${noise}`])))),
  )
}

/** Commits without end: at version n, every one of ten objects is at n. Reports each version that was stored. */
export async function countUp(database: string, report: (version: number) => unknown): Promise<void> {
  const persister = open(database)
  const padding = 'x'.repeat(50_000)
  const commit = (version: number): Step => ({
    type: version % 7 === 0 ? 'replace' : 'apply',
    puts: Array.from({ length: 10 }, (_, n) => ({ key: `k${n}`, text: `${version} ${padding}` })),
    deletes: [],
    resourceVersion: String(version),
  })
  for (let version = 0; ; version++) {
    await persister.commit(scopeOf(), commit(version))
    await report(version)
  }
}

/** The version and every object's version, as {@link countUp} left them. */
export async function versions(database: string): Promise<string[]> {
  const snapshot = await open(database).load(scopeOf())
  return [snapshot?.resourceVersion ?? 'none', ...new Set(textsOf(snapshot).map((text) => text.split(' ')[0] ?? ''))]
}

let kept: Holder | undefined

/** Commits with a persister that this page keeps from call to call. */
export function commitKept(database: string, change: Step, scope: Scope = scopeOf()): Promise<string> {
  kept ??= open(database)
  return outcome(kept.commit(scope, change))
}

/** Removes what this user stored, as a logout does. */
export const clear = (database: string): Promise<void> => open(database).clear({ user: 'ann' })

/** Deletes the whole database. */
export function deleteDatabase(database: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(database)
    request.onsuccess = () => resolve('deleted')
    request.onblocked = () => resolve('blocked')
    request.onerror = () => reject(request.error)
  })
}
