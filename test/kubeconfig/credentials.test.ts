import { describe, expect, test } from 'vitest'
import { type Credential, CredentialCache, credentialReader } from '../../src/kubeconfig/credentials'
import { VirtualClock } from '../../src/testing'
import { deferred } from '../transport/server'

/** A cache that is given `token-1`, `token-2` and so on, each good for a minute. */
function counting() {
  const clock = new VirtualClock()
  let count = 0
  const cache = new CredentialCache(async () => ({ token: `token-${++count}`, expiresAt: clock.now() + 60_000 }), clock)
  return { cache, clock, token: async () => (await cache.get()).token }
}

describe('a credential', () => {
  test('is read once for all who wait, and kept until it expires', async () => {
    const { clock, token } = counting()
    expect(await Promise.all([token(), token(), token()])).toEqual(['token-1', 'token-1', 'token-1'])
    await clock.advance(60_000)
    expect(await token()).toBe('token-1')
    await clock.advance(1)
    expect(await Promise.all([token(), token()])).toEqual(['token-2', 'token-2'])
  })

  test('that never expires is kept', async () => {
    const clock = new VirtualClock()
    let reads = 0
    const cache = new CredentialCache(async () => ({ token: `${++reads}` }), clock)
    await cache.get()
    await clock.advance(1e12)
    expect(await cache.get()).toEqual({ token: '1' })
  })

  test('that was refused is read anew, once however many were refused', async () => {
    const { cache, token } = counting()
    const refused = await cache.get()
    cache.refused(refused)
    expect(await token()).toBe('token-2')
    cache.refused(refused)
    expect(await token()).toBe('token-2')
  })

  test('that is being read is not read again when the one before it is refused', async () => {
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

  test('that cannot be read fails those who wait, not those who come later', async () => {
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

  test('is read again after a minute, as client-go does', async () => {
    const { files, clock, cache } = inFiles({ t: 'one\n' }, { tokenFile: 't' })
    expect(await cache.get()).toMatchObject({ token: 'one' })
    files.set('t', 'two\n')
    await clock.advance(60_000)
    expect(await cache.get()).toMatchObject({ token: 'one' })
    await clock.advance(1)
    expect(await cache.get()).toMatchObject({ token: 'two' })
  })

  test('is read again at once when it was refused', async () => {
    const { files, cache } = inFiles({ t: 'one' }, { tokenFile: 't' })
    const refused = await cache.get()
    files.set('t', 'two')
    cache.refused(refused)
    expect(await cache.get()).toMatchObject({ token: 'two' })
  })

  test('is what was read last when the file is gone', async () => {
    const { files, clock, cache } = inFiles(
      { t: 'one', c: 'C', k: 'K' },
      { tokenFile: 't', certificate: { cert: { file: 'c' }, key: { file: 'k' } } },
    )
    await cache.get()
    files.clear()
    await clock.advance(60_001)
    expect(await cache.get()).toMatchObject({ token: 'one', certificate: { cert: 'C', key: 'K' } })
  })

  test('comes before the token that is given, which does while there is no file', async () => {
    const { files, clock, cache } = inFiles({}, { token: 'given', tokenFile: 't' })
    expect(await cache.get()).toMatchObject({ token: 'given' })
    files.set('t', 'file')
    await clock.advance(60_001)
    expect(await cache.get()).toMatchObject({ token: 'file' })
  })

  test('that could never be read is an error', async () => {
    await expect(inFiles({}, { tokenFile: 't' }).cache.get()).rejects.toThrow('no t')
  })

  test('is not what an inline one is: that never expires', async () => {
    const { cache } = inFiles({}, { token: 'given', certificate: { cert: 'C', key: 'K' } })
    expect(await cache.get()).toEqual({ token: 'given', certificate: { cert: 'C', key: 'K' } })
  })
})
