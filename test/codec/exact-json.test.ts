import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hasInexactNumber, writeJson } from '../../src/codec/exact-json'
import { jsonDiff } from '../../src/codec/json-diff'
import { jsonPatch } from '../../src/testing/patch'

describe('a number that would not survive being parsed and written back', () => {
  it.each([
    '9223372036854775807',
    '-9223372036854775808',
    '9007199254740993',
    '9007199254740992',
    '1152921504606846976',
    '18446744073709551615',
    '12345678901234567890',
    '1e400',
    '-1e400',
    '1e-400',
    '1.0000000000000000001',
    '0.12345678901234567891',
    '123456789012345678901234567890',
    '9007199254740993.0',
    '9007199254740993e0',
  ])('a number that would not survive being parsed and written back is found: %s', (number) => {
    for (const text of [number, `{"a":[1,"x",${number}]}`, `{"a\\"":${number} }`])
      expect([text, hasInexactNumber(text)]).toEqual([text, true])
  })

  it.each([
    '0',
    '-0',
    '-0.0',
    '0e5',
    '1',
    '-1',
    '9007199254740991',
    '-9007199254740991',
    '0.1',
    '1.50',
    '1.0',
    '1e3',
    '1E+3',
    '1e-7',
    '5e-324',
    '1e300',
    '1.7976931348623157e308',
    '100000000000000000000000',
    '0.30000000000000004',
  ])('a number that would not survive being parsed and written back is not %s', (number) => {
    expect(hasInexactNumber(`{"a":${number}}`)).toBe(false)
  })

  it('digits in a string are not an inexact number', () => {
    expect(hasInexactNumber(JSON.stringify({ a: '9223372036854775807', '9223372036854775807': '\\" 9223372036854775807 "' }))).toBe(false)
  })

  it('JSON that JavaScript wrote has no inexact number while its integers are safe', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value)
        const hasUnsafe = /(?<![\d.])\d{16,}(?!\d*[.e])/.test(text)
        if (!hasUnsafe) expect(hasInexactNumber(text)).toBe(false)
      }),
    )
  })
})

describe('JSON that is sent', () => {
  it('writeJson writes what JSON.stringify writes', () => {
    fc.assert(
      fc.property(
        fc.anything({
          withDate: true,
          withNullPrototype: true,
          withSparseArray: true,
          withBoxedValues: true,
          withMap: true,
          withSet: true,
        }),
        (value) => {
          const seen = JSON.stringify(value)
          fc.pre(!/\d{16}/.test(seen ?? ''))
          let written: string | undefined
          try {
            written = writeJson(value)
          } catch (error) {
            expect(String(error)).toMatch(/cannot be written as JSON|beyond 2\^53/)
            return
          }
          expect(written).toBe(seen)
        },
      ),
    )
  })

  it('writeJson writes the digits of a bigint', () => {
    expect(writeJson({ a: 9223372036854775807n, b: [-1n] })).toBe('{"a":9223372036854775807,"b":[-1]}')
  })

  it.each<[unknown, string]>([
    [{ spec: { limit: 2 ** 63 } }, 'widgets web: spec.limit: the integer 9223372036854776000 is beyond 2^53'],
    [{ spec: { limits: [1, { 'a.b': -(2 ** 53) }] } }, 'widgets web: spec.limits[1]["a.b"]: the integer -9007199254740992'],
    [{ spec: { size: Number.NaN } }, 'widgets web: spec.size: NaN cannot be written as JSON'],
    [[{ x: Number.POSITIVE_INFINITY }], 'widgets web: [0].x: Infinity cannot'],
    [2 ** 60, 'widgets web: the integer 1152921504606847000'],
  ])('JSON that is sent never has a number that may have been rounded: %j', (value, message) => {
    expect(() => writeJson(value, 'widgets web: ')).toThrow(message)
  })

  it('writeJson accepts a number too large for 64 bits', () => {
    expect(writeJson([1e300, 2 ** 65, 0.5])).toBe('[1e+300,36893488147419103000,0.5]')
  })

  it('writeJson refuses a value nested more than 1,000 levels deep, such as one that contains itself', () => {
    const loop: { self?: unknown } = {}
    loop.self = loop
    expect(() => writeJson(loop)).toThrow('more than 1000 levels deep, or contains itself')
  })
})

describe('the difference of two values, as a JSON patch', () => {
  const json = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom('a', 'b', null, true)),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'c/d', 'e~f', ''), tie('value'), { maxKeys: 4, noNullPrototype: true }),
    ),
  })).value

  it('a JSON diff turns the first value into the second', () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        const [before, after] = [{ x: a }, { x: b }]
        expect(jsonPatch(before, jsonDiff(before, after))).toEqual(after)
      }),
      { numRuns: 1_000 },
    )
  })

  it('a JSON diff is empty for equal values', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(jsonDiff(value, structuredClone(value))).toEqual([])
      }),
    )
  })

  it('a JSON diff leaves the items of a list alone that keep their order', () => {
    const [a, b] = [
      { size: 2 ** 63, name: 'a' },
      { size: 2 ** 63, name: 'b' },
    ]
    expect(jsonDiff([a, b], [a, { name: 'new' }, b])).toEqual([{ op: 'add', path: '/1', value: { name: 'new' } }])
    expect(jsonDiff([a, b], [b])).toEqual([{ op: 'remove', path: '/0' }])
    expect(jsonDiff([a, 1, b], [2, b, 3])).toEqual([
      { op: 'add', path: '/3', value: 3 },
      { op: 'replace', path: '/0', value: 2 },
      { op: 'remove', path: '/1' },
    ])
    expect(jsonDiff([a, b], [a, { ...b, name: 'c' }])).toEqual([{ op: 'replace', path: '/1/name', value: 'c' }])
  })

  it('a JSON diff compares at most 40,000 pairs of items; in longer lists the items between the changes count as changed', () => {
    const list = Array.from({ length: 500 }, (_, i) => i)
    const operations = jsonDiff(list, [-1, ...list.slice(0, -1)])
    expect(operations).toHaveLength(500)
    expect(jsonDiff(list.slice(0, 100), [-1, ...list.slice(0, 99)])).toHaveLength(2)
  })

  it('a JSON diff takes time that grows with the size, not with the depth, of nested lists', () => {
    const nested = (leaf: number) => {
      let value: unknown = leaf
      for (let i = 0; i < 200; i++) value = [0, value, 1]
      return value
    }
    expect(jsonDiff(nested(1), nested(2))).toMatchObject([{ op: 'replace', value: 2 }])
  })
})
