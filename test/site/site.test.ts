import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createProfile, launchChromium, type Profile } from '../support/chromium.ts'
import type { HttpServer } from '../support/http.ts'
import { serveSite, siteFiles, sitePages, siteText } from './built-site.ts'

// Checks the documentation site as `npm run docs:build` leaves it.

const docs = join(import.meta.dirname, '../../docs')
/** The weight that the site may have, in bytes. */
const MAX_SIZE = 10_000_000

let server: HttpServer
let profile: Profile
let browser: BrowserContext

beforeAll(async () => {
  server = await serveSite()
  profile = await createProfile()
  browser = await launchChromium(profile)
})

afterAll(async () => {
  await browser.close()
  await profile[Symbol.asyncDispose]()
  await server.close()
})

/** Opens a page of the site; returns it with the errors that it reports. */
async function visit(path: string): Promise<{ page: Page; errors: string[] }> {
  const page = await browser.newPage()
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
  await page.goto(server.url + path, { waitUntil: 'networkidle' })
  return { page, errors }
}

test('the documentation site stays below 10 MB', () => {
  const total = [...siteFiles().values()].reduce((sum, size) => sum + size, 0)
  expect(total).toBeLessThan(MAX_SIZE)
})

test('every link of the documentation site leads to a page, and to a heading if it names one', () => {
  const pages = sitePages()
  const files = siteFiles()
  const dead = [...pages].flatMap(([from, { html }]) =>
    [...html.matchAll(/<a [^>]*?href="([^"]+)"/g)].flatMap(([, href = '']) => {
      if (/^[a-z]+:/.test(href)) return []
      const { pathname, hash } = new URL(href.replaceAll('&amp;', '&'), `https://site${from}`)
      const page = pages.get(decodeURI(pathname)) ?? pages.get(`${decodeURI(pathname)}/`)
      const isAlive = page
        ? hash === '' || page.ids.has(decodeURIComponent(hash.slice(1)))
        : files.has(decodeURI(pathname)) || files.has(`${decodeURI(pathname)}index.html`)
      return isAlive ? [] : [`${from}: ${href}`]
    }),
  )
  expect(dead).toEqual([])
})

test('llms.txt of the documentation site lists every guide', () => {
  const index = siteText('/llms.txt')
  const guides = readdirSync(join(docs, 'guides')).map((name) => basename(name, '.md'))
  expect(guides.filter((name) => !index.includes(`/guides/${name}.md`))).toEqual([])
})

test('the search of the documentation site finds resourceVersion and the names of the API', async () => {
  const { page, errors } = await visit('/start')
  await page.keyboard.press('Control+k')
  for (const [word, path] of [
    ['resourceVersion', /^\/(concepts|lifecycle|guides|errors|recipes|migrate)/],
    ['createInformer', /^\/api\/kubeflect\/.*#createinformer/],
    ['InformerOptions', /^\/api\/kubeflect\/.*#informeroptions/],
  ] as const) {
    await page.locator('.VPLocalSearchBox input').fill(word)
    const links = () =>
      page.locator('.VPLocalSearchBox .results a').evaluateAll((all) => all.map((link) => link.getAttribute('href') ?? ''))
    await expect.poll(links).toContainEqual(expect.stringMatching(path))
  }
  expect(errors).toEqual([])
})

test('every runnable example of the documentation site runs in its page', async () => {
  const examples = [...sitePages()].flatMap(([path, { html }]) =>
    [...html.matchAll(/data-run="([^"]+)"/g)].map(([, name = '']) => ({ path, name })),
  )
  const programs = readdirSync(join(docs, 'examples')).map((file) => basename(file, '.ts'))
  expect(examples.map(({ name }) => name).sort()).toEqual(programs.filter((name) => name !== 'example').sort())
  for (const { path, name } of examples) {
    const { page, errors } = await visit(path)
    const example = page.locator(`[data-run="${name}"]`)
    await example.getByRole('button').click()
    await expect.poll(() => example.locator('output span').count()).toBeGreaterThan(1)
    await expect.poll(() => example.getByRole('button').isEnabled()).toBe(true)
    expect(await example.locator('output').textContent()).not.toMatch(/Error/)
    expect(errors).toEqual([])
    await page.close()
  }
})

test('a page of the API reference lists the other names of its entry', async () => {
  const { page, errors } = await visit('/api/kubeflect/')
  const names = page.locator('.VPSidebar a')
  await expect.poll(() => names.allInnerTexts()).toEqual(expect.arrayContaining(['createInformer', 'defineResource', 'kubeflect/live']))
  expect(errors).toEqual([])
})
