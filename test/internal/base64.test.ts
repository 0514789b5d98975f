// Base64 and base64url, compared with Node's.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromBase64, fromBase64Url, toBase64, toBase64Url } from '../../src/internal/base64'

describe('base64', () => {
  test('encodes any bytes as Node does, and decodes them again', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'))
        expect(fromBase64(toBase64(bytes))).toEqual(bytes)
      }),
    )
  })

  test('encodes the UTF-8 of any text as base64url without padding, as Node does, and decodes it again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
        expect(toBase64Url(text)).toBe(Buffer.from(text).toString('base64url'))
        expect(fromBase64Url(toBase64Url(text))).toBe(text)
      }),
    )
    expect(fromBase64Url(toBase64Url('\ufeff{}'))).toBe('\ufeff{}')
  })

  test.each([
    ['padding', 'YQ=='],
    ['the alphabet of base64', '/w'],
    ['white space', 'Y Q'],
    ['bytes that are not UTF-8', '_w'],
    ['an impossible length', 'YWFhY'],
    ['nothing', ''],
  ])('refuses %s in base64url', (_, text) => {
    expect(() => fromBase64Url(text)).toThrow()
  })
})
