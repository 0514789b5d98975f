// The pages that the documents show, run in Chromium as they stand there.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { Pod } from '../../src/resources/core/v1'
import { FakeApiServer, podFixture } from '../../src/testing'
import { createProfile, launchChromium } from '../support/chromium.ts'
import { serve } from '../support/http.ts'
import { bundleScript } from './support/bundle-page.ts'

const root = join(import.meta.dirname, '../..')

/** The first block of a document in a language. */
function blockOf(document: string, language: string): string {
  const [, block] = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(readFileSync(join(root, document), 'utf8')) ?? []
  if (block === undefined) throw new Error(`${document} has no block of ${language}`)
  return block
}

/** Shows a page: its HTML, its other files by path, and below `/k8s` an API server with three pods in the namespace `shop`. */
async function visit(html: string, fileAt: (path: string) => string | undefined, look: (page: Page) => Promise<void>): Promise<void> {
  const server = new FakeApiServer()
  for (let index = 0; index < 3; index++) server.create(Pod, podFixture(index, { namespace: 'shop' }))
  const site = await serve(async (request) => {
    const { pathname, search } = new URL(request.url)
    if (pathname.startsWith('/k8s/'))
      return server.fetch(new Request(new URL(pathname.slice('/k8s'.length) + search, request.url), request))
    if (pathname === '/') return new Response(html, { headers: { 'content-type': 'text/html' } })
    const file = fileAt(pathname)
    return file === undefined ? new Response(null, { status: 404 }) : new Response(file, { headers: { 'content-type': 'text/javascript' } })
  })
  await using profile = await createProfile()
  try {
    const context = await launchChromium(profile)
    const page = context.pages()[0] ?? (await context.newPage())
    await page.addInitScript('console.log = (...values) => void (globalThis.logged ??= []).push(values)')
    await page.goto(site.url)
    await look(page)
    await context.close()
  } finally {
    await site.close()
  }
}

/** Runs with a folder that is removed afterwards. */
async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'kubeflect-documents-'))
  try {
    await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

test('the first snippet of the README lists the pods of a namespace', async () => {
  await inFolder(async (folder) => {
    const path = join(folder, 'page.ts')
    await writeFile(path, blockOf('README.md', 'ts'))
    const files = await bundleScript(path)
    const html = '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>'
    await visit(
      html,
      (path) => files.get(path),
      async (page) => expect.poll(() => page.evaluate('globalThis.logged'), { timeout: 20_000 }).toEqual([[3]]),
    )
  })
})

test('the page with an import map runs without a bundler', async () => {
  await inFolder(async (dist) => {
    const tsup = join(root, 'node_modules/tsup/dist/cli-default.js')
    await promisify(execFile)(process.execPath, [tsup, '--out-dir', dist, '--no-dts', '--no-clean', '--silent'], { cwd: root })
    const prefix = '/node_modules/kubeflect/dist/'
    const fileAt = (path: string) => {
      try {
        return readFileSync(path.startsWith(prefix) ? join(dist, path.slice(prefix.length)) : join(root, path), 'utf8')
      } catch {
        return undefined
      }
    }
    await visit(
      `<!doctype html><link rel="icon" href="data:,"><body>${blockOf('docs/recipes/import-maps.md', 'html')}`,
      fileAt,
      async (page) => expect.poll(() => page.evaluate('document.body.innerText'), { timeout: 20_000 }).toContain('3 pods'),
    )
  })
})
