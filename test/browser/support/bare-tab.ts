// A Chromium without Playwright, which keeps every page visible and out of the back/forward cache.

import { spawn } from 'node:child_process'
import chromium from '@sparticuz/chromium'
import type { Profile } from '../../support/chromium.ts'

/** A running Chromium. */
export interface BareBrowser extends AsyncDisposable {
  /** Opens a tab in a window of its own. */
  open(url: string): Promise<BareTab>
}

/** A tab of a {@link BareBrowser}. */
export interface BareTab {
  /** Evaluates an expression in the page; a value that JSON can say. */
  evaluate<T>(expression: string): Promise<T>
  /** Navigates to a page; the one that is left may enter the back/forward cache. */
  goTo(url: string): Promise<void>
  /** Goes back to the page before. */
  back(): Promise<void>
  /** Hides the page, and freezes it as Chromium does with a tab that was in the background for five minutes. */
  freeze(): Promise<void>
  /** Thaws the page and shows it. */
  thaw(): Promise<void>
}

/** Starts Chromium on a profile. @param executable default: the one of all other tests. */
export async function openBareBrowser({ folder }: Profile, executable?: string): Promise<BareBrowser> {
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--remote-debugging-port=0', `--user-data-dir=${folder}`]
  const browser = spawn(executable ?? (await chromium.executablePath()), [...flags, 'about:blank'], { stdio: ['ignore', 'ignore', 'pipe'] })
  const exited = new Promise((resolve) => browser.once('exit', resolve))
  const address = await new Promise<string>((resolve, reject) => {
    let log = ''
    browser.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text
      const [, found] = /DevTools listening on (\S+)/.exec(log) ?? []
      if (found) resolve(found)
    })
    void exited.then(() => reject(new Error(`Chromium does not start: ${log}`)))
  })
  const send = await connect(address)
  return {
    open: (url) => openTab(send, url),
    async [Symbol.asyncDispose]() {
      browser.kill('SIGKILL')
      await exited
    },
  }
}

async function openTab(send: Send, url: string): Promise<BareTab> {
  // Only a hidden page can be frozen, and a window that is minimized hides all of its pages.
  const { targetId } = await send<{ targetId: string }>('Target.createTarget', { url, newWindow: true })
  const { sessionId } = await send<{ sessionId: string }>('Target.attachToTarget', { targetId, flatten: true })
  const { windowId } = await send<{ windowId: number }>('Browser.getWindowForTarget', { targetId })
  const setWindow = (windowState: 'minimized' | 'normal') => send('Browser.setWindowBounds', { windowId, bounds: { windowState } })
  const setLifecycle = (state: 'frozen' | 'active') => send('Page.setWebLifecycleState', { state }, sessionId)
  return {
    async evaluate<T>(expression: string) {
      const options = { expression, awaitPromise: true, returnByValue: true }
      return (await send<{ result: { value: T } }>('Runtime.evaluate', options, sessionId)).result.value
    },
    async goTo(next) {
      await send('Page.navigate', { url: next }, sessionId)
    },
    async back() {
      const { currentIndex, entries } = await send<NavigationHistory>('Page.getNavigationHistory', {}, sessionId)
      await send('Page.navigateToHistoryEntry', { entryId: entries[currentIndex - 1]?.id }, sessionId)
    },
    async freeze() {
      await setWindow('minimized')
      await setLifecycle('frozen')
    },
    async thaw() {
      await setLifecycle('active')
      await setWindow('normal')
    },
  }
}

interface NavigationHistory {
  readonly currentIndex: number
  readonly entries: readonly { readonly id: number }[]
}

type Send = <T>(method: string, params: object, sessionId?: string) => Promise<T>

/** A connection to Chromium's DevTools; it ends with the browser. */
async function connect(address: string): Promise<Send> {
  const socket = new WebSocket(address)
  await new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }))
  const waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>()
  socket.addEventListener('message', ({ data }) => {
    const { id, result, error } = JSON.parse(String(data)) as { id?: number; result?: unknown; error?: { message: string } }
    const waiter = waiting.get(id ?? 0)
    if (error) waiter?.reject(new Error(error.message))
    else waiter?.resolve(result)
  })
  let id = 0
  return <T>(method: string, params: object, sessionId?: string) =>
    new Promise<T>((resolve, reject) => {
      waiting.set(++id, { resolve: (result) => resolve(result as T), reject })
      socket.send(JSON.stringify({ id, method, params, sessionId }))
    })
}
