import { expect, test } from 'vitest'
import { FakeApiServer } from '../../src/testing'
import { createRandom } from '../../src/testing/random'
import { createProfile, killChromium, launchChromium } from '../support/chromium.ts'
import { packingModes } from '../support/packing.ts'
import { History, type KillSite, serveKillSite } from './support/kill-site.ts'

/** In all modes together. */
const KILLS = 50
const PODS = 100
/** How far apart two changes are, in milliseconds. */
const CHANGE_EVERY_MS = 4

const seed = Math.floor(Math.random() * 2 ** 32)

const kills = Math.ceil(KILLS / packingModes.length)
const title = `a browser that is killed while it writes comes back with an older state that was true, ${kills} times (seed ${seed}, packing %s)`

test.each(packingModes)(title, { timeout: 600_000 }, async (packing) => {
  const random = createRandom(seed)
  const server = new FakeApiServer({ windowSize: 100_000 })
  const history = new History(server, random, PODS)
  await using site = await serveKillSite(server)
  await using profile = await createProfile()

  /** Starts the browser, and gives the version it had stored once it is known to be a true one. */
  async function start() {
    const first = site.nextReport()
    const context = await launchChromium(profile)
    void context
      .pages()[0]
      ?.goto(`${site.url}/?packing=${packing}`)
      .catch(() => undefined) // The kill interrupts it.
    const report = await first
    expect([...report.objects].sort()).toEqual(history.at(report.resourceVersion))
    return { context, report }
  }

  async function kill(context: Awaited<ReturnType<typeof start>>['context']) {
    const closed = new Promise((resolve) => context.once('close', resolve))
    killChromium(profile)
    await closed
  }

  const churn = setInterval(() => history.step(), CHANGE_EVERY_MS)
  try {
    let before = ''
    let stored = 0
    let resumed = 0
    for (let round = 0; round < kills; round++) {
      const { context, report } = await start()
      if (before !== '') stored++
      if (before !== '' && !report.isDatabaseLost) {
        expect(report.status).toBe('persisted')
        expect(Number(report.resourceVersion)).toBeGreaterThanOrEqual(Number(before))
        resumed++
      }
      before = report.resourceVersion
      // Now and then it is killed before it has caught up.
      if (random.below(5) > 0) await converge(site, history, server)
      await changes(history, random.below(150))
      await kill(context)
    }
    // After a lost database, and in the first round, nothing is stored from which the next start could resume.
    expect(stored).toBeGreaterThan(kills * 0.6)
    expect(resumed).toBeGreaterThan(stored * 0.8)
  } finally {
    clearInterval(churn)
  }
  const { context } = await start()
  await converge(site, history, server)
  await context.close()
})

/** Waits until the page has reached what the server has now; everything it has on the way must have been true. */
async function converge(site: KillSite, history: History, { resourceVersion }: FakeApiServer): Promise<void> {
  for (;;) {
    const report = await site.nextReport()
    expect([...report.objects].sort()).toEqual(history.at(report.resourceVersion))
    expect(report.status).toBe('active')
    if (Number(report.resourceVersion) >= Number(resourceVersion)) return
  }
}

/** Waits until so many more changes were made. */
async function changes(history: History, count: number): Promise<void> {
  const until = history.length + count
  await expect.poll(() => history.length, { interval: CHANGE_EVERY_MS, timeout: 60_000 }).toBeGreaterThanOrEqual(until)
}
