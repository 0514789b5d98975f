import { spawn } from 'node:child_process'
import chromium from '@sparticuz/chromium'
import type { Profile } from '../../support/chromium.ts'

/** A tab of a Chromium without Playwright, which keeps every page visible: only a hidden page can be frozen. */
export interface BareTab extends AsyncDisposable {
  /** Evaluates an expression in the page; a value that JSON can say. */
  evaluate<T>(expression: string): Promise<T>
  /** Hides the page, and freezes it as Chromium does with a tab that was in the background for five minutes. */
  freeze(): Promise<void>
  /** Thaws the page and shows it. */
  thaw(): Promise<void>
}

/** Starts Chromium on a profile, with one tab. */
export async function openBareTab({ folder }: Profile, url: string): Promise<BareTab> {
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--remote-debugging-port=0', `--user-data-dir=${folder}`]
  const browser = spawn(await chromium.executablePath(), [...flags, 'about:blank'], { stdio: ['ignore', 'ignore', 'pipe'] })
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
  const { targetId } = await send<{ targetId: string }>('Target.createTarget', { url })
  const { sessionId } = await send<{ sessionId: string }>('Target.attachToTarget', { targetId, flatten: true })
  const { windowId } = await send<{ windowId: number }>('Browser.getWindowForTarget', { targetId })
  const setWindow = (windowState: 'minimized' | 'normal') => send('Browser.setWindowBounds', { windowId, bounds: { windowState } })
  const setLifecycle = (state: 'frozen' | 'active') => send('Page.setWebLifecycleState', { state }, sessionId)
  return {
    async evaluate<T>(expression: string) {
      const options = { expression, awaitPromise: true, returnByValue: true }
      return (await send<{ result: { value: T } }>('Runtime.evaluate', options, sessionId)).result.value
    },
    async freeze() {
      await setWindow('minimized')
      await setLifecycle('frozen')
    },
    async thaw() {
      await setLifecycle('active')
      await setWindow('normal')
    },
    async [Symbol.asyncDispose]() {
      browser.kill('SIGKILL')
      await exited
    },
  }
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
