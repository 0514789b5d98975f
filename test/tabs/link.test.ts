// A tab's connection to the owner of its feeds, in virtual time.

import { expect, test, vi } from 'vitest'
import { Link } from '../../src/tabs/link'
import { FakeBrowser } from './fake-browser'

test('a call that is aborted while it waits for an owner is forgotten, and the others get the connection', async () => {
  const browser = new FakeBrowser([])
  browser.isSilent = true
  const { platform, client } = browser.open()
  const { portable } = client
  if (!portable) throw new Error('the client cannot be sent')
  const link = new Link({ platform, clock: browser.world.clock, client: portable, identity: '["kubeflect","cluster","alice",""]' })
  const leaving = new AbortController()
  const staying = link.connection(undefined)
  const left = link.connection(leaving.signal)
  leaving.abort(new Error('the informer was stopped'))
  await expect(left).rejects.toThrow('the informer was stopped')
  const touched = vi.spyOn(leaving.signal, 'removeEventListener')
  browser.isSilent = false
  await browser.world.advance(10_000)
  await expect(staying).resolves.toBeDefined()
  expect(touched).not.toHaveBeenCalled()
  link.close()
})
