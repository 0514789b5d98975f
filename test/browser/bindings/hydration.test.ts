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
import { type PageName, visit } from './site.ts'

/** What a server has, which sends no request to render. */
function onServer() {
  const requests: Request[] = []
  const fetch = async (request: Request) => {
    requests.push(request)
    return new Response('', { status: 503 })
  }
  return { requests, live: createLive(new KubeClient({ baseUrl: 'http://kubernetes.test', fetch })) }
}

async function hydrates(name: PageName, html: string): Promise<void> {
  expect(html).toContain('aria-label="0 pods"')
  const server = new FakeApiServer()
  for (let i = 0; i < 5; i++) server.create(Pod, podFixture(i))
  await using visitor = await visit(name, server, { html })
  await visitor.page.goto(visitor.url)
  await expect.poll(() => visitor.page.locator('li').count()).toBe(5)
  expect(await visitor.page.locator('ul').getAttribute('aria-label')).toBe('5 pods')
  expect(visitor.complaints).toEqual([])
}

test('a page that React has rendered on a server hydrates without a warning when its list is already there', async () => {
  const { live, requests } = onServer()
  await hydrates('hydrate-react.tsx', renderReact(createElement(App, { live })))
  expect(requests).toEqual([])
})

test('a page that Vue has rendered on a server hydrates without a warning when its list is already there', async () => {
  const { live, requests } = onServer()
  await hydrates('hydrate-vue.ts', await renderVue(appOf(live)))
  expect(requests).toEqual([])
})
