import { createElement } from 'react'
import { renderToString as renderReact } from 'react-dom/server'
import { expect, test } from 'vitest'
import { renderToString as renderVue } from 'vue/server-renderer'
import { KubeClient } from '../../../src'
import { createLive } from '../../../src/live'
import { Pod } from '../../../src/resources/core/v1'
import { FakeApiServer, podFixture } from '../../../src/testing'
import { App } from './pages/hydrate-react.tsx'
import { appOf } from './pages/hydrate-vue.ts'
import { type PageName, type Rendered, renderOnServer, visit } from './site.ts'

/** A server of pages, and the requests that rendering sends; there are none. */
function onServer() {
  const requests: Request[] = []
  const fetch = async (request: Request) => {
    requests.push(request)
    return new Response('', { status: 503 })
  }
  return { requests, fetch, live: createLive(new KubeClient({ baseUrl: 'http://kubernetes.test', fetch })) }
}

async function hydrates(name: PageName, { head, body: html }: Partial<Rendered>): Promise<void> {
  expect(html).toContain('aria-label="0 pods"')
  const server = new FakeApiServer()
  for (let i = 0; i < 5; i++) server.create(Pod, podFixture(i))
  await using visitor = await visit(name, server, { head, html })
  await visitor.page.goto(visitor.url)
  await expect.poll(() => visitor.page.locator('li').count()).toBe(5)
  expect(await visitor.page.locator('ul').getAttribute('aria-label')).toBe('5 pods')
  expect(visitor.complaints).toEqual([])
}

test('[bindings/3] a page that React has rendered on a server hydrates without a warning when its list is already there', async () => {
  const { live, requests } = onServer()
  await hydrates('hydrate-react.tsx', { body: renderReact(createElement(App, { live })) })
  expect(requests).toEqual([])
})

test('[bindings/3] a page that Vue has rendered on a server hydrates without a warning when its list is already there', async () => {
  const { live, requests } = onServer()
  await hydrates('hydrate-vue.ts', { body: await renderVue(appOf(live)) })
  expect(requests).toEqual([])
})

test('[bindings/3] a page that Svelte has rendered on a server hydrates without a warning when its list is already there', async () => {
  const { fetch, requests } = onServer()
  await hydrates('hydrate-svelte.ts', await renderOnServer('server-svelte.ts', fetch))
  expect(requests).toEqual([])
})

test('[bindings/3] a page that Solid has rendered on a server hydrates without a warning when its list is already there', async () => {
  const { fetch, requests } = onServer()
  await hydrates('hydrate-solid.tsx', await renderOnServer('server-solid.tsx', fetch))
  expect(requests).toEqual([])
})
