import fc from 'fast-check'
import { expect, it } from 'vitest'
import { valueAt } from '../../src/codec/scan'
import { valuesReader } from '../../src/codec/values'
import { type Json, written } from './json'

/** Paths to members of an object, and to members that it lacks. */
function pathsOf(value: Json, path: readonly string[] = []): (readonly string[])[] {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return [path, [...path, 'absent']]
  return [path, [...path, 'absent'], ...Object.entries(value).flatMap(([name, member]) => pathsOf(member, [...path, name]))]
}

it('reads the same values in one pass as one by one, whatever the order of the members and the paths', () => {
  fc.assert(
    fc.property(written, fc.array(fc.nat(), { minLength: 1, maxLength: 8 }), ({ object, text }, chosen) => {
      const all = pathsOf(object).filter((path) => path.length > 0)
      const paths = chosen.map((at) => all[at % all.length] ?? [])
      expect(valuesReader(paths)(text)).toEqual(paths.map((path) => valueAt(text, path)))
    }),
    { numRuns: 2000 },
  )
})

it('reads no further than the last value', () => {
  expect(valuesReader([['a', 'b'], ['c']])('{"a":{"b":1,"d":2},"c":[3],"e":broken')).toEqual([1, [3]])
})

it('reads no further than the objects that lack a value', () => {
  expect(
    valuesReader([
      ['a', 'b'],
      ['c', 'd'],
    ])('{"c":{"d":1},"a":{"x":2},"e":broken'),
  ).toEqual([undefined, 1])
  expect(valuesReader([['a', 'b', 'c'], ['a', 'b', 'd'], ['a']])('{"a":{"b":3,"e":[]},"f":broken')).toEqual([
    undefined,
    undefined,
    { b: 3, e: [] },
  ])
})

it('takes the first of two members with the same name, and looks for the rest', () => {
  expect(valuesReader([['a', 'x'], ['b']])('{"a":{"x":1},"a":{"x":2},"b":3}')).toEqual([1, 3])
  expect(valuesReader([['a'], ['b']])('{"a":1,"a":2,"b":3}')).toEqual([1, 3])
})

it('finds a member whose name is written with escapes', () => {
  expect(valuesReader([['a', 'b"c']])('{"\\u0061":{"b\\"c":1}}')).toEqual([1])
})

it.each(['{"a"', '{"a":', '{"a":{"b":1', '{"b":1', '{"b" 1}', '{b:1}', '{"b":1]', '{"a":{"b":x}}', '{"a":1,'])(
  'throws a SyntaxError for a text that ends too soon or is not JSON: %s',
  (text) => {
    expect(() => valuesReader([['a', 'b'], ['c']])(text)).toThrow(SyntaxError)
  },
)
