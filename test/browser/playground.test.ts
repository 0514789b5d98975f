import { describe, expect, test } from 'vitest'
import { APIService } from '../../playground/server/custom-kinds.ts'
import { RealCluster } from '../../playground/server/real-cluster.ts'
import { Pod } from '../../src/resources/core/v1'
import { FakeApiServer, podFixture } from '../../src/testing'
import { serve } from '../support/http.ts'
import {
  allRows,
  blankMoments,
  caughtUp,
  countDrawnRows,
  drawnRows,
  expectedRows,
  feedData,
  feedIs,
  holdOldestRecord,
  stored,
} from './support/page.ts'
import { start, startFake } from './support/playground.ts'

/** The requests for complete states: lists, and streamed lists. One object is asked for to confirm the server's history. */
const listsOf = (server: FakeApiServer) =>
  server.requests.filter(
    ({ verb, url, resource }) => resource === 'pods' && !url.includes('limit=1') && (verb === 'list' || url.includes('sendInitialEvents')),
  )

/** A running pod, the same for the same number. */
const podNumber = (index: number, namespace?: string): Pod => podFixture(index, { ...(namespace && { namespace }) })

/** Removes a pod at once, and gives its key. */
function removeOne(server: FakeApiServer): string {
  const [pod] = server.list(Pod)
  if (!pod) throw new Error('there are no pods')
  const { namespace, name = '' } = pod.metadata
  server.update(Pod, { ...pod, metadata: { ...pod.metadata, finalizers: [] } })
  server.delete(Pod, { name, namespace })
  return `${namespace}/${name}`
}

describe('the first visit', () => {
  test('the first visit asks for the pods once and shows every one of them', async () => {
    await using visit = await startFake()
    const { page, cluster, url, errors } = visit
    await page.goto(url)
    await caughtUp(page, cluster.server)
    expect(await feedData(page)).toMatchObject({ source: 'stream', rows: String(cluster.server.list(Pod).length), lists: '1' })
    expect(listsOf(cluster.server)).toHaveLength(1)
    expect((await allRows(page)).sort()).toEqual(expectedRows(cluster.server))
    expect(errors).toEqual([])
  })

  test('the first visit to a server that does not stream lists shows the same', async () => {
    await using visit = await startFake()
    const { page, cluster, url } = visit
    cluster.server.watchList = 'refused'
    await page.goto(url)
    await caughtUp(page, cluster.server)
    expect(await feedData(page)).toMatchObject({ source: 'list', rows: String(cluster.server.list(Pod).length) })
    expect(cluster.server.requests.filter(({ verb, resource }) => verb === 'list' && resource === 'pods')).toHaveLength(1)
  })

  test('the first visit with a namespace and a label selector in the address shows only those pods', async () => {
    await using visit = await startFake()
    const { page, cluster, url } = visit
    await page.goto(`${url}?namespace=shop&labelSelector=app%3Dcart`)
    await feedIs(page, { state: 'live' })
    const expected = expectedRows(cluster.server).filter((row) => row.startsWith('shop/cart-'))
    expect(expected.length).toBeGreaterThan(0)
    expect((await allRows(page)).sort()).toEqual(expected)
  })

  test('the first visit by a user who may not read pods says so', async () => {
    await using visit = await startFake()
    const { page, cluster, url, errors } = visit
    cluster.server.faults.add({ times: 10, fault: { type: 'status', status: 403 } })
    await page.goto(url)
    await feedIs(page, { state: 'denied', rows: '0' })
    expect(await page.locator('#state').textContent()).toBe('Denied')
    expect(await page.getByRole('alert').textContent()).toMatch(
      /^The server does not let you read these pods: .+\. Asking again in \d+ s\.$/,
    )
    expect(errors).toEqual([])
  })
})

test('a first visit shows what has arrived before the list has ended, and then what the cluster has', async () => {
  await using visit = await startFake()
  const { page, cluster, url, errors } = visit
  const release = cluster.holdMiddle()
  await page.goto(url)
  await page.locator('main[data-view=rows]').waitFor()
  expect(await feedData(page)).toMatchObject({ state: 'connecting', rows: '0' })
  const all = expectedRows(cluster.server)
  const early = await allRows(page)
  expect(early.length).toBeGreaterThan(0)
  expect(early.length).toBeLessThan(all.length)
  expect(all).toEqual(expect.arrayContaining(early))
  release()
  await caughtUp(page, cluster.server)
  expect((await allRows(page)).sort()).toEqual(all)
  expect(errors).toEqual([])
})

describe('a reload', () => {
  test('a reload shows the stored pods before the server answers, then goes on from there without a list', async () => {
    await using visit = await startFake()
    const { page, cluster, url, errors } = visit
    const { server } = cluster
    await page.goto(url)
    await caughtUp(page, server)
    await stored(page)
    const before = await feedData(page)
    const known = expectedRows(server)
    await page.goto('about:blank')

    cluster.change(60)
    const removed = removeOne(server)
    server.create(Pod, podNumber(7, 'shop'))
    const requests = server.requests.length
    const release = cluster.hold()
    await page.goto(url)
    await feedIs(page, { rows: before.rows })
    expect(await feedData(page)).toMatchObject({
      state: 'connecting',
      source: 'persisted',
      resourceVersion: before.resourceVersion,
      lists: '0',
    })
    expect((await allRows(page)).sort()).toEqual(known)
    expect(server.requests).toHaveLength(requests)

    release()
    await caughtUp(page, server)
    expect(await feedData(page)).toMatchObject({ source: 'persisted', lists: '0' })
    const rows = (await allRows(page)).sort()
    expect(rows).toEqual(expectedRows(server))
    expect(rows.some((row) => row.startsWith(`${removed} `))).toBe(false)
    expect(listsOf(server)).toHaveLength(1)
    expect(errors).toEqual([])
  })

  test('a reload shows what has been read of the stored pods before all of them have been', async () => {
    await using visit = await startFake()
    const { page, cluster, url, errors } = visit
    await page.goto(url)
    await caughtUp(page, cluster.server)
    await stored(page)
    // A record of its own, which is read first.
    cluster.change(60)
    await caughtUp(page, cluster.server)
    await stored(page)
    const known = expectedRows(cluster.server)
    await page.goto('about:blank')

    const goOn = await holdOldestRecord(page)
    await page.goto(url)
    await page.locator('main[data-view=rows]').waitFor()
    expect(await feedData(page)).toMatchObject({ state: 'connecting', source: '', rows: '0', lists: '0' })
    const early = await allRows(page)
    expect(early.length).toBeGreaterThan(0)
    expect(early.length).toBeLessThan(known.length)
    expect(known).toEqual(expect.arrayContaining(early))
    await goOn()
    await caughtUp(page, cluster.server)
    expect(await feedData(page)).toMatchObject({ source: 'persisted', lists: '0' })
    expect((await allRows(page)).sort()).toEqual(known)
    expect(errors).toEqual([])
  })

  test('a reload after the server forgot its history lists once, and the table is never blank meanwhile', async () => {
    await using visit = await startFake()
    const { page, cluster, url, errors } = visit
    const { server } = cluster
    await page.goto(url)
    await caughtUp(page, server)
    await stored(page)
    const before = await feedData(page)
    await page.goto('about:blank')

    cluster.change(60)
    const removed = removeOne(server)
    cluster.expire()
    await countDrawnRows(page)
    const release = cluster.hold()
    await page.goto(url)
    await feedIs(page, { source: 'persisted', rows: before.rows })
    release()
    await caughtUp(page, server)
    expect(await feedData(page)).toMatchObject({ source: 'stream', lists: '1' })
    expect(listsOf(server)).toHaveLength(2)
    const rows = (await allRows(page)).sort()
    expect(rows).toEqual(expectedRows(server))
    expect(rows.some((row) => row.startsWith(`${removed} `))).toBe(false)
    expect(await blankMoments(page)).toBe(0)
    expect(errors).toEqual([])
  })

  test('a reload after the cache was cleared lists everything', async () => {
    await using visit = await startFake()
    const { page, cluster, url, errors } = visit
    await page.goto(url)
    await caughtUp(page, cluster.server)
    await stored(page)
    const loaded = page.waitForEvent('load')
    await page.getByRole('button', { name: 'Forget cache' }).click()
    await loaded
    await caughtUp(page, cluster.server)
    expect(await feedData(page)).toMatchObject({ source: 'stream', lists: '1' })
    expect(errors).toEqual([])
  })
})

describe('the buttons', () => {
  test('the button that cuts the connection makes the page continue without a list, and it misses nothing', async () => {
    await using visit = await startFake({ changesPerSecond: 100 })
    const { page, cluster, url, errors } = visit
    await page.goto(url)
    await feedIs(page, { state: 'live' })
    await page.getByRole('button', { name: 'Cut connection' }).click()
    await page.waitForFunction(() => document.querySelector('main')?.dataset.state !== 'live')
    await feedIs(page, { state: 'live' })
    cluster.changesPerSecond = 0
    // The last change is one that the page is to hear of.
    cluster.server.create(Pod, podNumber(7, 'shop'))
    await caughtUp(page, cluster.server)
    expect((await feedData(page)).lists).toBe('1')
    expect(listsOf(cluster.server)).toHaveLength(1)
    expect((await allRows(page)).sort()).toEqual(expectedRows(cluster.server))
    expect(errors).toEqual([])
  })

  test('the buttons expire the version: the page lists once more and never loses its rows', async () => {
    await using visit = await startFake()
    const { page, cluster, url, errors } = visit
    await page.goto(url)
    await caughtUp(page, cluster.server)
    await page.getByRole('button', { name: 'Expire RV' }).click()
    await feedIs(page, { state: 'live', lists: '2' })
    await caughtUp(page, cluster.server)
    expect((await allRows(page)).sort()).toEqual(expectedRows(cluster.server))
    expect(listsOf(cluster.server)).toHaveLength(2)
    expect(errors).toEqual([])
  })

  test('the buttons make the churn slower and faster, down to none', async () => {
    await using visit = await startFake({ changesPerSecond: 2 })
    const { page, cluster, url } = visit
    await page.goto(url)
    const rate = page.locator('#churn')
    const slower = page.getByRole('button', { name: 'Churn slower' })
    await page.getByText('2 changes/s').waitFor()
    await page.getByRole('button', { name: 'Churn faster' }).click()
    await page.getByText('5 changes/s').waitFor()
    expect(cluster.changesPerSecond).toBe(5)
    for (const next of [2, 1, 0]) {
      await slower.click()
      await page.getByText(`${next} changes/s`, { exact: true }).waitFor()
    }
    expect(await rate.textContent()).toBe('0 changes/s')
    expect(cluster.changesPerSecond).toBe(0)
    expect(await slower.isDisabled()).toBe(true)
  })
})

describe('the table', () => {
  test('the table shows the rows that match every word of the filter, new ones too', async () => {
    await using visit = await startFake()
    const { page, cluster, url, errors } = visit
    await page.goto(url)
    await caughtUp(page, cluster.server)
    await page.keyboard.press('/')
    await page.keyboard.type('shop RUNNING')
    const matching = () => expectedRows(cluster.server).filter((row) => row.startsWith('shop/') && row.includes(' Running '))
    expect((await allRows(page)).sort()).toEqual(matching())
    expect(await page.locator('#count').textContent()).toBe(`${matching().length} of ${cluster.server.list(Pod).length} pods`)
    cluster.change(100)
    for (const namespace of ['shop', 'search']) cluster.server.create(Pod, podNumber(3, namespace))
    await caughtUp(page, cluster.server)
    expect((await allRows(page)).sort()).toEqual(matching())
    await page.getByRole('searchbox').fill('no such pod')
    expect(await drawnRows(page)).toEqual([])
    expect(await page.locator('#empty').textContent()).toBe('No pod matches the filter.')
    expect(errors).toEqual([])
  })

  test.each(['Name', 'Namespace', 'Phase', 'Node', 'Restarts', 'Age'])(
    'the table is sorted by %s when its header is clicked, and the other way round when clicked again',
    async (title) => {
      await using visit = await startFake({ pods: 40 })
      const { page, cluster, url } = visit
      await page.goto(url)
      await caughtUp(page, cluster.server)
      const header = page.getByRole('columnheader', { name: title, exact: true })
      const column = await header.evaluate((cell) => (cell as HTMLTableCellElement).cellIndex)
      for (let click = 0; click < 2; click++) {
        await header.getByRole('button').click()
        cluster.change(20)
        await caughtUp(page, cluster.server)
        const keys = (await allRows(page)).map((row) => row.split(' ')[0] ?? '')
        const direction = await header.getAttribute('aria-sort')
        expect(keys).toEqual(sortedKeys(cluster.server, column, direction === 'descending'))
      }
    },
  )

  test('the table draws only the rows in sight, and of those only what changed', async () => {
    await using visit = await startFake({ pods: 3000 })
    const { page, cluster, url } = visit
    // Without motion a row stays marked.
    await page.emulateMedia({ reducedMotion: 'reduce' })
    await page.goto(url)
    await caughtUp(page, cluster.server)
    expect((await feedData(page)).rows).toBe('3000')
    expect((await drawnRows(page)).length).toBeLessThan(60)
    const marked = await page.evaluate(() => {
      const rows = [...document.querySelectorAll<HTMLElement>('tr[data-key]')]
      for (const row of rows) row.dataset.mark = ''
      return rows.map(({ dataset }) => dataset.key ?? '')
    })
    const key = marked[2] ?? ''
    const [namespace = '', name = ''] = key.split('/')
    const pod = cluster.server.get(Pod, { namespace, name })
    if (!pod?.status?.containerStatuses?.[0]) throw new Error(`${key} has no containers`)
    pod.status.containerStatuses[0].restartCount = 77
    cluster.server.update(Pod, pod)
    await caughtUp(page, cluster.server)
    expect((await drawnRows(page))[2]).toMatch(/ 77$/)
    expect(
      await page.evaluate(() => [...document.querySelectorAll<HTMLElement>('tr[data-mark]')].map(({ dataset }) => dataset.key)),
    ).toEqual(marked)
    expect(
      await page.evaluate(() => [...document.querySelectorAll<HTMLElement>('tr[data-flash]')].map(({ dataset }) => dataset.key)),
    ).toEqual([key])
  })
})

describe('in front of a real API server', () => {
  test('the page reads a real API server, and the buttons that a real cluster cannot offer say why they are off', async () => {
    const server = new FakeApiServer({ resources: [APIService] })
    for (let index = 0; index < 20; index++) server.create(Pod, podNumber(index))
    const upstream = await serve(server.fetch)
    await using visit = await start(new RealCluster(upstream.url))
    const { page, cluster, url, errors } = visit
    await page.goto(url)
    await caughtUp(page, server)
    for (const name of ['Expire RV', 'Canaries CRD', 'Churn slower', 'Churn faster']) {
      expect(await page.getByRole('button', { name }).isDisabled()).toBe(true)
      expect(await page.getByRole('button', { name }).getAttribute('title')).toContain('real cluster')
    }
    server.create(Pod, podNumber(21))
    await caughtUp(page, server)
    await page.getByRole('button', { name: 'Cut connection' }).click()
    await page.waitForFunction(() => document.querySelector('main')?.dataset.state !== 'live')
    server.create(Pod, podNumber(22))
    await caughtUp(page, server)
    expect((await allRows(page)).sort()).toEqual(expectedRows(server))
    expect(listsOf(server)).toHaveLength(1)
    await page.goto('about:blank')
    await expect.poll(() => server.openRequests).toEqual([])
    expect(cluster.name).toBe(upstream.url)
    expect(errors).toEqual([])
    await upstream.close()
  })
})

/** The keys of all pods, in the order of a column. */
function sortedKeys(server: FakeApiServer, column: number, descending: boolean): string[] {
  const rows = server.list(Pod).map((pod) => {
    const { name = '', namespace = '', creationTimestamp = '' } = pod.metadata
    const key = `${namespace}/${name}`
    const [, phase = '', node = '', restarts = ''] =
      expectedRows(server)
        .find((row) => row.startsWith(`${key} `))
        ?.split(' ') ?? []
    const values = [name, namespace, phase, node === '–' ? '' : node, Number(restarts), -Date.parse(creationTimestamp)]
    return { key, value: values[column] ?? '' }
  })
  const sign = descending ? -1 : 1
  return rows.sort((a, b) => (a.value < b.value ? -sign : a.value > b.value ? sign : a.key < b.key ? -1 : 1)).map(({ key }) => key)
}
