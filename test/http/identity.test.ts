import { createHash } from 'node:crypto'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { sha256 } from '../../src/http/sha256'
import { serve, status } from './server'

const { client } = serve(() => status(404, 'NotFound'))

const encode = (value: unknown) => btoa(JSON.stringify(value)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '')
const jwt = (payload: object) => `${encode({ alg: 'RS256' })}.${encode(payload)}.c2ln`

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('the hash of an identity', () => {
  it('the hash of an identity has 32 hexadecimal digits and is the same for the same token, whatever its source', async () => {
    const hash = await client({ token: 'ann-token' }).identityHash()
    expect(hash).toMatch(/^[0-9a-f]{32}$/)
    expect(await client({ token: async () => 'ann-token' }).identityHash()).toBe(hash)
  })

  it('the hash of an identity differs between tokens, and between impersonated users', async () => {
    const hashes = await Promise.all(
      [
        { token: 'ann-token' },
        { token: 'bob-token' },
        { token: 'ann-token', impersonate: { user: 'bob' } },
        { token: 'ann-token', impersonate: { user: 'bob', groups: ['dev'] } },
        { headers: { authorization: 'Basic YW5uOnB3' } },
      ].map((options) => client(options).identityHash()),
    )
    expect(new Set(hashes).size).toBe(hashes.length)
  })

  it('the hash of an identity is undefined without a token', async () => {
    expect(await client().identityHash()).toBeUndefined()
    expect(await client({ impersonate: { user: 'ann' } }).identityHash()).toBeUndefined()
    expect(await client({ token: () => undefined }).identityHash()).toBeUndefined()
  })

  it('the hash of an identity stays the same when a JSON web token is renewed, and differs between its subjects and issuers', async () => {
    const of = (payload: object) => client({ token: jwt(payload) }).identityHash()
    const ann = await of({ iss: 'https://id.test', sub: 'ann', exp: 1 })
    expect(await of({ iss: 'https://id.test', sub: 'ann', exp: 2 })).toBe(ann)
    expect(await of({ iss: 'https://id.test', sub: 'bob', exp: 1 })).not.toBe(ann)
    expect(await of({ iss: 'https://other.test', sub: 'ann', exp: 1 })).not.toBe(ann)
    expect(await of({ iss: 'https://id.test', exp: 1 })).not.toBe(await of({ iss: 'https://id.test', exp: 2 }))
  })

  it('the hash of an identity needs no crypto.subtle, which a page without TLS lacks', async () => {
    const kube = client({ token: 'ann-token' })
    const expected = await kube.identityHash()
    vi.stubGlobal('crypto', {})
    expect(await kube.identityHash()).toBe(expected)
  })

  it('the hash of an identity rejects as the token function does', async () => {
    await expect(client({ token: () => Promise.reject(new Error('logged out')) }).identityHash()).rejects.toThrow('logged out')
  })
})

describe('SHA-256 in plain JavaScript', () => {
  it.each([0, 1, 3, 55, 56, 57, 63, 64, 65, 119, 120, 1_000])('SHA-256 of %d bytes equals the runtime’s own', (length) => {
    const bytes = Uint8Array.from({ length }, (_, at) => (at * 7919) & 0xff)
    expect(Buffer.from(sha256(bytes)).toString('hex')).toBe(createHash('sha256').update(bytes).digest('hex'))
  })
})
