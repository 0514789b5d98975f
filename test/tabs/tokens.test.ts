// The owner asks its tabs for tokens, one after the other.

import { expect, test } from 'vitest'
import type { SharedInformer } from '../../src/informer/shared-informer'
import type { ConfigMap } from '../../src/resources/core/v1'
import { FakeBrowser } from './fake-browser'

/** A browser whose server knows one token, and tabs that count how often they are asked for theirs. */
function withTokens(valid = 'token-1') {
  const browser = new FakeBrowser(['a'])
  const { access } = browser.world.server
  access.tokens.set(valid, { username: 'alice' })
  const asked: string[] = []
  const open = (name: string, answer: () => Promise<string>) =>
    browser.open({
      token: () => {
        asked.push(name)
        return answer()
      },
    })
  const denied = (informer: SharedInformer<ConfigMap>) =>
    browser.until(
      () => `denied rather than ${informer.state}`,
      () => informer.state === 'denied',
    )
  return { browser, access, asked, open, denied }
}

const never = () => new Promise<string>(() => undefined)

test('[tabs/22] one tab is asked for a token, once for all feeds', async () => {
  const { browser, asked, open } = withTokens()
  const tabs = ['first', 'second', 'third'].map((name) => open(name, async () => 'token-1'))
  const informers = tabs.flatMap((tab) => [tab.inform(), tab.inform({ namespace: 'shop' })])
  await browser.caughtUp(...informers)
  expect(asked).toHaveLength(1)
})

test('[tabs/22] a tab that does not answer for five seconds is passed over', async () => {
  const { browser, asked, open } = withTokens()
  const good = open('good', async () => 'token-1').inform()
  const hanging = open('hanging', never).inform()
  await browser.world.advance(4_900)
  expect([asked, good.state]).toEqual([['hanging'], 'connecting'])
  await browser.world.advance(200)
  await browser.caughtUp(good, hanging)
  expect(asked).toEqual(['hanging', 'good'])
})

test('[tabs/22] a tab that is closed, or crashes, before it has answered is passed over', async () => {
  for (const end of ['close', 'crash'] as const) {
    const { browser, asked, open } = withTokens()
    const good = open('good', async () => 'token-1').inform()
    const tab = open('hanging', never)
    const informer = tab.inform()
    await browser.world.advance(1_000)
    expect(asked).toEqual(['hanging'])
    if (end === 'close') await informer.close()
    else browser.crash(tab)
    await browser.world.advance(end === 'close' ? 500 : 4_200)
    expect(good.state).toBe('live')
    expect(asked).toEqual(['hanging', 'good'])
  }
})

test('[tabs/22] a refused token is asked for again once, and then every tab is denied with the error of the server', async () => {
  const { open, asked, denied } = withTokens()
  const informers = [open('first', async () => 'wrong').inform(), open('second', async () => 'wrong').inform()]
  for (const informer of informers) await denied(informer)
  for (const { status } of informers) expect(status.error).toMatchObject({ status: 401 })
  expect(asked.length).toBeLessThanOrEqual(2)
})

test('[tabs/22] a token that expires is replaced by asking a tab again, without a list', async () => {
  const { browser, access, asked, open } = withTokens()
  let token = 'token-1'
  const informers = [open('first', async () => token).inform(), open('second', async () => token).inform()]
  await browser.caughtUp(...informers)
  browser.upstream.length = 0
  token = 'token-2'
  access.tokens.clear()
  access.tokens.set('token-2', { username: 'alice' })
  browser.world.server.disconnect()
  browser.world.update('a')
  await browser.caughtUp(...informers)
  expect(browser.upstream.every((request) => request === 'watch')).toBe(true)
  expect(asked).toHaveLength(2)
})

test('[tabs/22] the tab that gave the token may close, since the owner keeps it and asks another tab for the next', async () => {
  const { browser, access, asked, open } = withTokens()
  let token = 'token-1'
  const staying = open('staying', async () => token).inform()
  await browser.caughtUp(staying)
  const giving = open('giving', async () => token).inform()
  await browser.caughtUp(giving)
  await giving.close()
  token = 'token-2'
  access.tokens.clear()
  access.tokens.set('token-2', { username: 'alice' })
  browser.world.server.disconnect()
  browser.world.update('a')
  await browser.caughtUp(staying)
  expect(asked).toEqual(['staying', 'staying'])
})
