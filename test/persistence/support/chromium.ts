import { fileURLToPath } from 'node:url'
import chromium from '@sparticuz/chromium'
import { type Browser, type BrowserContext, type Page, chromium as playwright } from 'playwright-core'
import { build } from 'vite'

/** Starts Chromium. */
export async function launch(): Promise<Browser> {
  return playwright.launch({ executablePath: await chromium.executablePath(), args: ['--no-sandbox', '--disable-gpu'] })
}

/** Bundles a module to a script that leaves its exports in the global `page`. */
export async function bundle(entry: URL): Promise<string> {
  const result = await build({
    logLevel: 'silent',
    configFile: false,
    build: {
      write: false,
      minify: false,
      target: 'esnext',
      lib: { entry: fileURLToPath(entry), formats: ['iife'], name: 'page' },
    },
  })
  for (const built of Array.isArray(result) ? result : [result])
    if ('output' in built) for (const part of built.output) if (part.type === 'chunk') return part.code
  throw new Error(`${entry}: nothing was built`)
}

/** Opens an empty page of one origin with a script in it. Nothing of it reaches a network. */
export async function openPage(context: BrowserContext, script: string): Promise<Page> {
  const page = await context.newPage()
  await page.route('**/*', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }))
  await page.goto('http://localhost/')
  await page.addScriptTag({ content: script })
  return page
}
