// The example of Next, with the packed package: rendered on the server, hydrated, and live in Chromium.

import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, inject, test, vi } from 'vitest'
import { Pod } from '../../src/resources/core/v1'
import { FakeApiServer, podFixture } from '../../src/testing'
import { createProfile, launchChromium } from '../support/chromium.ts'
import { serve } from '../support/http.ts'

const example = join(import.meta.dirname, '../../examples/next')
/** The folder that the example runs in: above it, Node finds what is installed here and at the root. */
const folder = join(import.meta.dirname, '.cache/next')

interface Site extends AsyncDisposable {
  readonly url: string
}

/** Copies the example beside the package, and starts `next dev`, which compiles the page when it is opened. */
async function startNext(apiServer: string): Promise<Site> {
  rmSync(folder, { recursive: true, force: true })
  cpSync(example, folder, { recursive: true, filter: (path) => !/node_modules|\.next|tsconfig|next-env/.test(path.slice(example.length)) })
  cpSync(join(inject('consumers').project, 'node_modules/kubeflect'), join(folder, 'node_modules/kubeflect'), { recursive: true })
  const next = join(import.meta.dirname, 'node_modules/next/dist/bin/next')
  const child = spawn(process.execPath, [next, 'dev', '-p', '0', '-H', '127.0.0.1'], {
    cwd: folder,
    env: { ...process.env, NODE_ENV: 'development', KUBERNETES_URL: apiServer, NEXT_TELEMETRY_DISABLED: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: the server runs in a child of this process.
    detached: true,
  })
  return { url: await urlOf(child), [Symbol.asyncDispose]: () => end(child) }
}

/** Reads the address from the output, which is read to its end so that it never blocks. */
function urlOf(child: ChildProcess): Promise<string> {
  let output = ''
  return new Promise((resolve, reject) => {
    const read = (text: unknown) => {
      output += text
      const url = /Local:\s+(http:\S+)/.exec(output)?.[1]
      if (url) resolve(url)
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.once('exit', () => reject(new Error(`next dev has ended: ${output}`)))
  })
}

async function end(child: ChildProcess): Promise<void> {
  const isOver = new Promise((resolve) => child.once('exit', resolve))
  process.kill(-(child.pid as number), 'SIGKILL')
  await isOver
}

test('the example of Next names the versions that this test runs', () => {
  const dependenciesOf = (path: string) => JSON.parse(readFileSync(path, 'utf8')).dependencies
  const { next, react, 'react-dom': dom } = dependenciesOf(join(import.meta.dirname, 'package.json'))
  expect(dependenciesOf(join(example, 'package.json'))).toMatchObject({ next, react, 'react-dom': dom })
})

test('the example of Next sends the first rows, hydrates them without a warning, follows the cluster, and leaves no watch behind', async () => {
  const server = new FakeApiServer()
  for (let i = 0; i < 5; i++) server.create(Pod, podFixture(i))
  const names = server.list(Pod).map(({ metadata }) => metadata.name)
  const api = await serve(server.fetch)
  await using next = await startNext(api.url)
  const html = await (await fetch(next.url)).text()
  expect(Array.from(html.matchAll(/<td>default<\/td><td>([^<]+)/g), ([, name]) => name)).toEqual([...names].sort())

  await using profile = await createProfile()
  const context = await launchChromium(profile)
  const [page] = context.pages()
  if (!page) throw new Error('Chromium has no page')
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => void (['error', 'warning'].includes(message.type()) && complaints.push(message.text())))
  await page.addInitScript(() => {
    const counts: number[] = []
    const count = () => {
      const rows = document.querySelectorAll('tr').length
      if (rows !== counts.at(-1)) counts.push(rows)
      requestAnimationFrame(count)
    }
    count()
    Object.assign(globalThis, { counts })
  })
  await page.goto(next.url)
  await expect.poll(() => page.getByRole('status').textContent(), { timeout: 20_000 }).toBe('live')
  server.create(Pod, podFixture(5))
  // No frame showed fewer rows than one before it: the rows of the server stayed until the page had its own.
  const counts = () => page.evaluate(() => (globalThis as unknown as { counts: number[] }).counts.filter((rows) => rows > 0))
  await expect.poll(counts).toEqual([5, 6])
  expect(complaints).toEqual([])
  await page.screenshot({ path: 'node_modules/.cache/kubeflect/screenshots/next.png' })
  await context.close()
  await vi.waitUntil(() => server.openRequests.length === 0, { timeout: 10_000 })
  await api.close()
})
