import { describe, expect, test } from 'vitest'
import { type Credential, CredentialCache, credentialReader } from '../../src/kubeconfig/credentials'
import { VirtualClock } from '../../src/testing'
import { deferred } from '../http/server'

/** Creates a cache that reads `token-1`, `token-2` and so on, each valid for a minute. */
function counting() {
  const clock = new VirtualClock()
  let count = 0
  const cache = new CredentialCache(async () => ({ token: `token-${++count}`, expiresAt: clock.now() + 60_000 }), clock)
  return { cache, clock, token: async () => (await cache.get()).token }
}

describe('a credential', () => {
  test('a credential is read once for all concurrent callers, and cached until it expires', async () => {
    const { clock, token } = counting()
    expect(await Promise.all([token(), token(), token()])).toEqual(['token-1', 'token-1', 'token-1'])
    await clock.advance(60_000)
    expect(await token()).toBe('token-1')
    await clock.advance(1)
    expect(await Promise.all([token(), token()])).toEqual(['token-2', 'token-2'])
  })

  test('a credential without expiry is cached', async () => {
    const clock = new VirtualClock()
    let reads = 0
    const cache = new CredentialCache(async () => ({ token: `${++reads}` }), clock)
    await cache.get()
    await clock.advance(1e12)
    expect(await cache.get()).toEqual({ token: '1' })
  })

  test('a refused credential is read again, once for any number of refusals', async () => {
    const { cache, token } = counting()
    const refused = await cache.get()
    cache.refused(refused)
    expect(await token()).toBe('token-2')
    cache.refused(refused)
    expect(await token()).toBe('token-2')
  })

  test('a refusal of the previous credential does not restart a read in progress', async () => {
    const answers = [deferred<Credential>(), deferred<Credential>()]
    let reads = 0
    const cache = new CredentialCache(() => answers[reads++]?.promise ?? Promise.reject(new Error('one too many')), new VirtualClock())
    const first = cache.get()
    answers[0]?.resolve({ token: 'a' })
    const refused = await first
    cache.refused(refused)
    const second = cache.get()
    cache.refused(refused)
    answers[1]?.resolve({ token: 'b' })
    expect(await Promise.all([second, cache.get()])).toEqual([{ token: 'b' }, { token: 'b' }])
  })

  test('a failed read rejects the waiting callers, but not later ones', async () => {
    let reads = 0
    const read = async () => {
      if (++reads === 1) throw new Error('not now')
      return { token: 'a' }
    }
    const cache = new CredentialCache(read, new VirtualClock())
    const both = await Promise.allSettled([cache.get(), cache.get()])
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(await cache.get()).toEqual({ token: 'a' })
    expect(reads).toBe(2)
  })
})

describe('a credential in files', () => {
  function inFiles(files: Record<string, string>, parts: Parameters<typeof credentialReader>[0]) {
    const clock = new VirtualClock()
    const all = new Map(Object.entries(files))
    const readFile = async (path: string) => {
      const text = all.get(path)
      if (text === undefined) throw new Error(`no ${path}`)
      return text
    }
    return { files: all, clock, cache: new CredentialCache(credentialReader(parts, readFile, clock), clock) }
  }

  test('a credential in files is read again after a minute, like in client-go', async () => {
    const { files, clock, cache } = inFiles({ t: 'one\n' }, { tokenFile: 't' })
    expect(await cache.get()).toMatchObject({ token: 'one' })
    files.set('t', 'two\n')
    await clock.advance(60_000)
    expect(await cache.get()).toMatchObject({ token: 'one' })
    await clock.advance(1)
    expect(await cache.get()).toMatchObject({ token: 'two' })
  })

  test('a credential in files is read again at once when it was refused', async () => {
    const { files, cache } = inFiles({ t: 'one' }, { tokenFile: 't' })
    const refused = await cache.get()
    files.set('t', 'two')
    cache.refused(refused)
    expect(await cache.get()).toMatchObject({ token: 'two' })
  })

  test('a credential in files stays the same when its file is missing', async () => {
    const { files, clock, cache } = inFiles(
      { t: 'one', c: 'C', k: 'K' },
      { tokenFile: 't', certificate: { cert: { file: 'c' }, key: { file: 'k' } } },
    )
    await cache.get()
    files.clear()
    await clock.advance(60_001)
    expect(await cache.get()).toMatchObject({ token: 'one', certificate: { cert: 'C', key: 'K' } })
  })

  test('a token file takes precedence over an inline token, which is the fallback while the file is missing', async () => {
    const { files, clock, cache } = inFiles({}, { token: 'given', tokenFile: 't' })
    expect(await cache.get()).toMatchObject({ token: 'given' })
    files.set('t', 'file')
    await clock.advance(60_001)
    expect(await cache.get()).toMatchObject({ token: 'file' })
  })

  test('a credential file that could never be read is an error', async () => {
    await expect(inFiles({}, { tokenFile: 't' }).cache.get()).rejects.toThrow('no t')
  })

  test('an inline credential never expires', async () => {
    const { cache } = inFiles({}, { token: 'given', certificate: { cert: 'C', key: 'K' } })
    expect(await cache.get()).toEqual({ token: 'given', certificate: { cert: 'C', key: 'K' } })
  })
})
