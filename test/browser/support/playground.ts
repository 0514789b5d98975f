import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { createServer } from 'vite'
import { DISMISSED_KEY } from '../../../playground/guide/guide.ts'
import type { Cluster } from '../../../playground/server/cluster.ts'
import { playgroundConfig } from '../../../playground/server/config.ts'
import { FakeCluster, type FakeClusterOptions } from '../../../playground/server/fake-cluster.ts'
import { ALONE_KEY } from '../../../playground/tabs.ts'
import { createRandom } from '../../../src/testing/random'
import { createProfile, launchChromium } from '../../support/chromium.ts'

/** A cluster whose answers can be held back. */
export class HeldCluster extends FakeCluster {
  #held: Promise<void> | undefined
  #heldMiddle: Promise<void> | undefined

  override readonly fetch = async (request: Request): Promise<Response> => {
    await this.#held
    const response = await this.answer(request)
    const middle = this.#heldMiddle
    if (!middle || !request.url.includes('sendInitialEvents')) return response
    const rest = new TransformStream<Uint8Array, Uint8Array>({
      async transform(chunk, controller) {
        controller.enqueue(chunk)
        await middle
      },
    })
    return new Response(response.body?.pipeThrough(rest), response)
  }

  /** Answers streamed lists with no more than their first chunk until the function it returns is called. */
  holdMiddle(): () => void {
    let release = () => {}
    this.#heldMiddle = new Promise((resolve) => {
      release = () => {
        this.#heldMiddle = undefined
        resolve()
      }
    })
    return release
  }

  /** Answers nothing until the function it returns is called. */
  hold(): () => void {
    let release = () => {}
    this.#held = new Promise((resolve) => {
      release = () => {
        this.#held = undefined
        resolve()
      }
    })
    return release
  }
}

/** The playground, in a browser of its own. */
export interface Visit<C extends Cluster> extends AsyncDisposable {
  readonly cluster: C
  readonly page: Page
  readonly url: string
  /** What the page reported as an error, broken connections left out: those are made on purpose. */
  readonly errors: readonly string[]
}

/** Options of {@link start}. */
export interface VisitOptions {
  /** Whether tabs share their feeds; default no, because most tests look at what one page asks the server. */
  readonly shares?: boolean | undefined
  /** Whether the guided first minute opens, as for a first visitor; default no. */
  readonly isGuided?: boolean | undefined
}

/** Starts the playground over a make-believe cluster in which nothing happens by itself, and opens an empty page beside it. */
export async function startFake({
  changesPerSecond = 0,
  shares,
  isGuided,
  ...options
}: FakeClusterOptions & VisitOptions = {}): Promise<Visit<HeldCluster>> {
  const cluster = new HeldCluster({ changesPerSecond, random: createRandom(1).next, ...options })
  const visit = await start(cluster, { shares, isGuided })
  return {
    ...visit,
    async [Symbol.asyncDispose]() {
      cluster[Symbol.dispose]()
      await visit[Symbol.asyncDispose]()
    },
  }
}

/** Starts the playground over a cluster, and opens an empty page beside it. */
export async function start<C extends Cluster>(cluster: C, { shares = false, isGuided = false }: VisitOptions = {}): Promise<Visit<C>> {
  const config = playgroundConfig(cluster, { port: 0 })
  const vite = await createServer({
    ...config,
    // A source that is changed meanwhile must not load the page again, nor a playground that runs beside it take its dependencies away.
    server: { ...config.server, hmr: false, watch: null },
    cacheDir: fileURLToPath(new URL('../../../node_modules/.vite/playground-tests', import.meta.url)),
    configFile: false,
    logLevel: 'error',
  })
  await vite.listen()
  const [url] = vite.resolvedUrls?.local ?? []
  if (url === undefined) throw new Error('Vite listens nowhere')
  const profile = await createProfile()
  const context = await launchChromium(profile)
  const keys = [...(shares ? [] : [ALONE_KEY]), ...(isGuided ? [] : [DISMISSED_KEY])]
  await context.addInitScript((all) => {
    // `about:blank` has no storage.
    if (location.protocol === 'http:') for (const key of all) localStorage.setItem(key, '')
  }, keys)
  const page = context.pages()[0] ?? (await context.newPage())
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(String(error)))
  page.on('console', (message) => {
    // What a server refuses, Chromium says and the feed reports; tests look for it in the page.
    if (message.type() === 'error' && !/net::ERR_|status of (403|409|410)|^kubeflect: /.test(message.text())) errors.push(message.text())
  })
  return {
    cluster,
    page,
    url,
    errors,
    async [Symbol.asyncDispose]() {
      await context.close()
      await profile[Symbol.asyncDispose]()
      await vite.close()
    },
  }
}

/** Opens the list of resources once it is known, and gives what is in it: plurals by group. */
export async function openPicker(page: Page): Promise<Record<string, string[]>> {
  await page.getByRole('combobox', { name: 'Resource' }).click()
  await page.locator('#resources [role=option]').first().waitFor()
  return page.evaluate(() =>
    Object.fromEntries(
      [...document.querySelectorAll('#resources [role=group]')].map((group) => [
        group.querySelector('p')?.textContent,
        [...group.querySelectorAll('[role=option] span')].map(({ textContent }) => textContent),
      ]),
    ),
  )
}

/** Picks a resource by its plural, as somebody with a mouse does. */
export async function pick(page: Page, plural: string): Promise<void> {
  await openPicker(page)
  await page
    .locator('#resources [role=option]')
    .filter({ has: page.locator('span').getByText(plural, { exact: true }) })
    .click()
}

/** The text of each cell that is drawn at the moment, row by row. */
export function drawnCells(page: Page): Promise<string[][]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLTableRowElement>('tr[data-key]')].map((row) =>
      [...row.cells].map(({ textContent }) => textContent ?? ''),
    ),
  )
}
