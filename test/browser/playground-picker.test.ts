import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { LINGER_MS } from '../../playground/feeds.ts'
import { backups, canaries } from '../../playground/server/custom-kinds.ts'
import { type KubeObject, type Resource, resourceName } from '../../src/index'
import { Deployment } from '../../src/resources/apps/v1'
import { Namespace, Pod, Secret } from '../../src/resources/core/v1'
import type { FakeApiServer } from '../../src/testing'
import { caughtUp, drawnRows, feedData, feedIs, stored } from './support/page.ts'
import { drawnCells, openPicker, pick, startFake } from './support/playground.ts'

/** What was asked of one resource's collection, as `list`, `stream` or `watch`. */
const askedFor = <T extends KubeObject>(server: FakeApiServer, asked: Resource<T>) =>
  server.requests
    // One object, or a second of a watch, is asked for to confirm what the feed has.
    .filter(({ url }) => !url.includes('limit=1') && (!url.includes('watch=') || url.includes('allowWatchBookmarks')))
    .filter(({ resource, verb }) => resource === resourceName(asked) && (verb === 'list' || verb === 'watch'))
    .map(({ verb, url }) => (url.includes('sendInitialEvents') ? 'stream' : verb))

const namesOf = <T extends KubeObject>(server: FakeApiServer, resource: Resource<T>) =>
  server.list(resource).map(({ metadata }) => metadata.name ?? '')
const names = async (page: Page) => (await drawnCells(page)).map(([name = '']) => name)
const text = (page: Page, id: string) => page.locator(id).textContent()

/** Waits until the page is live and has as many rows as the server has objects. */
const shows = <T extends KubeObject>(page: Page, server: FakeApiServer, resource: Resource<T>) =>
  feedIs(page, { state: 'live', rows: String(server.list(resource).length) })

describe('the picker', () => {
  test('the picker lists every resource that can be listed and watched, by group', async () => {
    await using visit = await startFake()
    const { page, url, errors } = visit
    await page.goto(url)
    const groups = await openPicker(page)
    expect(Object.keys(groups)).toEqual(['core', 'apps', 'apiextensions.k8s.io', 'batch', 'apiregistration.k8s.io', 'storage.example.com'])
    expect(groups.core).toEqual(['namespaces', 'nodes', 'pods', 'services', 'configmaps', 'secrets', 'events'])
    expect(groups['storage.example.com']).toEqual(['backups'])
    expect(await page.locator('#resources [aria-selected=true]').textContent()).toMatch(/^pods/)
    expect(errors).toEqual([])
  })

  test.each([
    ['Deployment', 'deployments'],
    ['deploy', 'deployments'],
    ['no', 'nodes'],
    ['storage.example', 'backups'],
    ['crd', 'customresourcedefinitions'],
  ])('the picker finds %s by the keyboard alone: %s', async (typed, plural) => {
    await using visit = await startFake({ pods: 5 })
    const { page, url } = visit
    await page.goto(url)
    await openPicker(page)
    await page.keyboard.type(typed)
    const active = page.locator('#resources [aria-selected=true]')
    expect(await active.locator('span').textContent()).toBe(plural)
    expect(await page.getByRole('combobox', { name: 'Resource' }).getAttribute('aria-activedescendant')).toBe(
      await active.getAttribute('id'),
    )
    await page.keyboard.press('Enter')
    await feedIs(page, { state: 'live' })
    expect(new URL(page.url()).searchParams.get('resource')?.split('.')[0]).toBe(plural)
    expect(await text(page, '#count')).toMatch(new RegExp(` ${plural}$`))
  })

  test('the picker moves with the arrow keys, and closes without a choice on Escape', async () => {
    await using visit = await startFake({ pods: 5 })
    const { page, url } = visit
    await page.goto(url)
    await openPicker(page)
    await page.keyboard.press('ArrowDown')
    expect(await page.locator('#resources [aria-selected=true] span').textContent()).toBe('services')
    await page.keyboard.press('Escape')
    expect(await page.locator('#resources').isVisible()).toBe(false)
    expect(await page.locator('#resource').inputValue()).toBe('pods')
    expect(page.url()).toBe(url)
  })

  test('the picker says so when nothing matches', async () => {
    await using visit = await startFake({ pods: 5 })
    const { page, url } = visit
    await page.goto(url)
    await openPicker(page)
    await page.keyboard.type('nothing')
    expect(await text(page, '#resources')).toBe('The server has no such resource.')
  })
})

describe('another resource', () => {
  test('another resource is watched with one request when it is picked, and going back sends none: the feed continued', async () => {
    await using visit = await startFake()
    const { page, cluster, url, errors } = visit
    const { server } = cluster
    await page.goto(url)
    await caughtUp(page, server)
    await pick(page, 'deployments')
    await shows(page, server, Deployment)
    expect(new URL(page.url()).search).toBe('?resource=deployments.apps')
    expect(await feedData(page)).toMatchObject({ source: 'stream', lists: '1' })
    expect((await names(page)).sort()).toEqual(namesOf(server, Deployment).sort())
    expect(askedFor(server, Deployment)).toEqual(['stream'])

    const [pod] = server.list(Pod)
    server.update(Pod, { ...pod, metadata: { ...pod?.metadata, labels: { seen: 'no' } } } as Pod)
    await pick(page, 'pods')
    await caughtUp(page, server)
    expect((await drawnRows(page)).length).toBeGreaterThan(10)
    await pick(page, 'deployments')
    await shows(page, server, Deployment)
    expect(askedFor(server, Pod)).toEqual(['stream'])
    expect(askedFor(server, Deployment)).toEqual(['stream'])
    expect(errors).toEqual([])
  })

  test('another resource lets the feed of the one before go after a while, and that one resumes from its stored state', async () => {
    await using visit = await startFake()
    const { page, cluster, url, errors } = visit
    const { server } = cluster
    await page.clock.install()
    await page.goto(url)
    await caughtUp(page, server)
    await stored(page)
    await pick(page, 'deployments')
    await shows(page, server, Deployment)
    await page.clock.fastForward(LINGER_MS)
    await expect.poll(() => server.openRequests.filter(({ resource }) => resource === 'pods')).toEqual([])
    cluster.change(40)
    await pick(page, 'pods')
    await caughtUp(page, server)
    expect(await feedData(page)).toMatchObject({ source: 'persisted', lists: '1', rows: String(server.list(Pod).length) })
    expect(askedFor(server, Pod)).toEqual(['stream', 'watch'])
    expect(errors).toEqual([])
  })

  test('another resource leaves no more than one feed behind', async () => {
    await using visit = await startFake()
    const { page, cluster, url } = visit
    const { server } = cluster
    await page.goto(url)
    await caughtUp(page, server)
    await pick(page, 'nodes')
    await pick(page, 'services')
    await feedIs(page, { state: 'live' })
    const watched = () => server.openRequests.map(({ resource }) => resource).filter((name) => !name.endsWith('.k8s.io'))
    await expect.poll(watched).toEqual(['nodes', 'services'])
  })

  test('the back button leaves another resource, and the forward button returns to it', async () => {
    await using visit = await startFake()
    const { page, cluster, url } = visit
    await page.goto(url)
    await caughtUp(page, cluster.server)
    await pick(page, 'backups')
    await shows(page, cluster.server, backups.resource)
    await page.goBack()
    await caughtUp(page, cluster.server)
    expect(await page.locator('#resource').inputValue()).toBe('pods')
    await page.goForward()
    await shows(page, cluster.server, backups.resource)
    expect(await page.locator('#resource').inputValue()).toBe('backups.storage.example.com')
  })

  test('another resource that holds secrets is shown, and never stored', async () => {
    await using visit = await startFake()
    const { page, cluster, url, errors } = visit
    const { server } = cluster
    server.create(Secret, { metadata: { name: 'key' }, data: { key: 'c2VjcmV0' } })
    await page.goto(`${url}?resource=secrets`)
    await shows(page, server, Secret)
    expect(await names(page)).toEqual(['key'])
    expect(await text(page, '#storage')).toBe('never stored')
    expect(errors).toEqual([])
  })
})

describe('an address with a resource', () => {
  test('an address with a resource shows that resource, and of one namespace only those in it', async () => {
    await using visit = await startFake()
    const { page, cluster, url, errors } = visit
    const { server } = cluster
    await page.goto(`${url}?resource=bk&namespace=shop`)
    const inShop = server.list(backups.resource).filter(({ metadata }) => metadata.namespace === 'shop')
    await feedIs(page, { state: 'live', rows: String(inShop.length) })
    expect((await names(page)).sort()).toEqual(inShop.map(({ metadata }) => metadata.name ?? '').sort())
    expect(await page.getByRole('combobox', { name: 'Namespace' }).inputValue()).toBe('shop')
    expect(askedFor(server, Pod)).toEqual([])
    expect(errors).toEqual([])
  })

  test('an address with a resource shows the stored objects of a custom resource when it is loaded again, before the server answers', async () => {
    await using visit = await startFake()
    const { page, cluster, url, errors } = visit
    const { server } = cluster
    await page.goto(`${url}?resource=backups.storage.example.com`)
    await shows(page, server, backups.resource)
    await stored(page)
    const before = await drawnCells(page)
    const release = cluster.hold()
    const requests = server.requests.length
    await page.reload()
    await feedIs(page, { source: 'persisted', state: 'connecting', lists: '0', rows: String(before.length) })
    expect(await text(page, '#state')).toBe('Catching up')
    expect((await drawnCells(page)).map(([name]) => name)).toEqual(before.map(([name]) => name))
    expect(server.requests).toHaveLength(requests)
    release()
    await feedIs(page, { state: 'live' })
    expect(await feedData(page)).toMatchObject({ source: 'persisted', lists: '0' })
    expect(askedFor(server, backups.resource)).toEqual(['stream', 'watch'])
    expect(errors).toEqual([])
  })

  test('an address with a resource that the server lacks suggests others, and shows it when its definition is created', async () => {
    await using visit = await startFake()
    const { page, cluster, url, errors } = visit
    await page.goto(`${url}?resource=canariez`)
    await page.getByRole('alert').waitFor()
    expect(await text(page, '#notice')).toBe('the server has no resource "canariez".')
    await page.goto(`${url}?resource=canaries`)
    await page.getByRole('alert').waitFor()
    cluster.hasExtraKind = true
    await shows(page, cluster.server, canaries.resource)
    expect(await page.getByRole('alert').isHidden()).toBe(true)
    expect(errors).toEqual([])
  })
})

describe('a custom resource definition', () => {
  test('a custom resource definition that is created while the page is open appears in the picker; when it is deleted it leaves, and its feed ends', async () => {
    await using visit = await startFake()
    const { page, cluster, url, errors } = visit
    const { server } = cluster
    await page.goto(url)
    await caughtUp(page, server)
    await openPicker(page)
    const option = page.getByRole('option', { name: 'canaries' })
    expect(await option.count()).toBe(0)
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Canaries CRD' }).click()
    await page.locator('[aria-pressed=true]').waitFor()
    await openPicker(page)
    await option.waitFor()
    await option.click()
    await shows(page, server, canaries.resource)
    expect((await names(page)).sort()).toEqual([...canaries.names].sort())

    await page.getByRole('button', { name: 'Canaries CRD' }).click()
    await feedIs(page, { state: 'gone' })
    expect(await text(page, '#state')).toBe('Gone')
    await openPicker(page)
    await option.waitFor({ state: 'detached' })
    expect(errors.filter((error) => !error.includes('status of 404'))).toEqual([])
  })
})

describe('the namespaces', () => {
  test('the namespaces are those of the server, and choosing one is part of the address', async () => {
    await using visit = await startFake()
    const { page, cluster, url, errors } = visit
    const { server } = cluster
    await page.goto(url)
    await caughtUp(page, server)
    const select = page.getByRole('combobox', { name: 'Namespace' })
    await expect.poll(() => select.locator('option').allTextContents()).toEqual(['All namespaces', ...namesOf(server, Namespace).sort()])
    await select.selectOption('search')
    const inSearch = server.list(Pod).filter(({ metadata }) => metadata.namespace === 'search')
    await feedIs(page, { state: 'live', rows: String(inSearch.length) })
    expect(new URL(page.url()).search).toBe('?namespace=search')
    await pick(page, 'nodes')
    await feedIs(page, { state: 'live' })
    expect(await select.isDisabled()).toBe(true)
    expect(errors).toEqual([])
  })
})

describe('a hidden page', () => {
  test('a hidden page keeps only its own feed, and asks the server for its resources when it becomes visible', async () => {
    await using visit = await startFake()
    const { page, cluster, url, errors } = visit
    const { server } = cluster
    const watched = () => server.openRequests.map(({ resource }) => resource).sort()
    const everything = ['apiservices.apiregistration.k8s.io', 'customresourcedefinitions.apiextensions.k8s.io', 'pods', 'services']
    await page.goto(url)
    await caughtUp(page, server)
    await pick(page, 'services')
    await feedIs(page, { state: 'live' })
    await expect.poll(watched).toEqual(everything)
    await setHidden(page, true)
    await expect.poll(watched).toEqual(['services'])
    cluster.hasExtraKind = true
    await setHidden(page, false)
    await openPicker(page)
    await page.getByRole('option', { name: 'canaries' }).waitFor()
    expect(errors).toEqual([])
  })
})

/** Has the page think that it is hidden: Chromium without a screen never hides one. */
async function setHidden(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate((value) => {
    Object.defineProperty(document, 'hidden', { configurable: true, value })
    document.dispatchEvent(new Event('visibilitychange'))
  }, hidden)
}

describe('a table without rows', () => {
  test('a table without rows distinguishes what has not loaded from what does not exist', async () => {
    await using visit = await startFake()
    const { page, cluster, url } = visit
    const release = cluster.hold()
    await page.goto(url)
    await page.locator('main[data-view=loading]').waitFor()
    await expect.poll(() => text(page, '#empty')).toBe('Loading pods …')
    release()
    await caughtUp(page, cluster.server)
    await pick(page, 'events')
    await page.locator('main[data-view=nothing]').waitFor()
    expect(await text(page, '#empty')).toBe('There are no events.')
    cluster.server.create(backups.resource, { metadata: { name: 'x' } } as KubeObject)
    expect(await text(page, '#count')).toBe('0 events')
  })
})
