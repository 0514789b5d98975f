import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { detailsOf } from '../../../playground/pods.ts'
import { Pod } from '../../../src/resources/core/v1'
import type { FakeApiServer } from '../../../src/testing'

/** What `main` says of the feed. */
export interface FeedData {
  readonly state: string
  readonly source: string
  readonly rows: string
  readonly resourceVersion: string
  readonly lists: string
  readonly tabsRole: string
  readonly tabs: string
  readonly upstreamWatches: string
}

/** What `main` says now. */
export function feedData(page: Page): Promise<FeedData> {
  return page.evaluate(() => ({ ...document.querySelector('main')?.dataset }) as unknown as FeedData)
}

/** Waits until `main` says all of these. */
export async function feedIs(page: Page, expected: Partial<FeedData>): Promise<void> {
  await page.waitForFunction((wanted) => {
    const { dataset = {} } = document.querySelector('main') ?? {}
    return Object.entries(wanted).every(([name, value]) => dataset[name] === value)
  }, expected)
}

/** Waits until the page shows what the server has. */
export function caughtUp(page: Page, server: FakeApiServer): Promise<void> {
  return feedIs(page, { state: 'live', resourceVersion: server.resourceVersion })
}

/** Waits until the state the page shows is stored: a page that is left sooner begins anew. */
export async function stored(page: Page): Promise<void> {
  const { resourceVersion } = await feedData(page)
  await expect.poll(() => page.evaluate(storedVersions), { timeout: 10_000 }).toContain(resourceVersion)
}

/** Runs in the page. */
async function storedVersions(): Promise<string[]> {
  const done = <T>(request: IDBRequest<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
  const database = await done(indexedDB.open('kubeflect-playground'))
  const records = await done(database.transaction('snapshots').objectStore('snapshots').getAll())
  database.close()
  return records.map(({ resourceVersion }) => resourceVersion)
}

/**
 * The oldest record of what is stored is not to be had in the pages that are opened from now on, until the function it returns is called. Time limits
 * of these pages are a hundred times as long.
 */
export async function holdOldestRecord(page: Page): Promise<() => Promise<void>> {
  await page.addInitScript(() => {
    const { setTimeout: wait } = globalThis
    globalThis.setTimeout = ((run: () => void, ms = 0) => wait(run, ms * 100)) as typeof setTimeout
    const { get } = IDBObjectStore.prototype
    IDBObjectStore.prototype.get = function (key) {
      if (!Array.isArray(key) || key[1] !== 1 || key[2] !== 0) return get.call(this, key)
      const held = {} as { result: unknown; onsuccess: () => void }
      // A transaction lives as long as it is asked something.
      const ask = () => {
        const request = get.call(this, key)
        request.onsuccess = () => {
          if (!('released' in globalThis)) return ask()
          held.result = request.result
          held.onsuccess()
        }
      }
      ask()
      return held as unknown as IDBRequest
    }
  })
  return () => page.evaluate(() => void Object.assign(globalThis, { released: true }))
}

/** Counts the drawn rows after each change of the pages that are opened from now on. */
export async function countDrawnRows(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const drawn: number[] = []
    Object.assign(globalThis, { drawn })
    const count = () => drawn.push(document.querySelectorAll('tr[data-key]').length)
    new MutationObserver(count).observe(document, { subtree: true, childList: true })
  })
}

/** How often the table was blank after the first rows were drawn. */
export async function blankMoments(page: Page): Promise<number> {
  const drawn = await page.evaluate(() => (globalThis as unknown as { drawn: number[] }).drawn)
  return drawn.slice(drawn.findIndex((count) => count > 0)).filter((count) => count === 0).length
}

/** The rows that are drawn at the moment, as `namespace/name phase node restarts`. */
export function drawnRows(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLTableRowElement>('tr[data-key]')].map((row) => {
      const [, , phase, node, restarts] = [...row.cells].map(({ textContent }) => textContent)
      return `${row.dataset.key} ${phase} ${node} ${restarts}`
    }),
  )
}

/** Every row of the table, from top to bottom. */
export async function allRows(page: Page): Promise<string[]> {
  const rows = new Set<string>()
  const scroll = (to: number) =>
    page.evaluate(async (top) => {
      const scroller = document.querySelector('.scroller')
      if (!scroller) throw new TypeError('there is no table')
      scroller.scrollTop = top
      // The scroll event comes with the next frame, what it draws is there with the one after it.
      for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame)
      return scroller.scrollTop + scroller.clientHeight < scroller.scrollHeight ? top + scroller.clientHeight : undefined
    }, to)
  for (let top: number | undefined = 0; top !== undefined; ) {
    top = await scroll(top)
    for (const row of await drawnRows(page)) rows.add(row)
  }
  return [...rows]
}

/** What the rows must be, sorted by key. */
export function expectedRows(server: FakeApiServer): string[] {
  return server
    .list(Pod)
    .map((pod) => {
      const { phase, node, restarts } = detailsOf(pod)
      return `${pod.metadata.namespace}/${pod.metadata.name} ${phase} ${node || '–'} ${restarts}`
    })
    .sort()
}
