import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isParseError } from '../../src/api/errors'
import { metaNamespaceKey } from '../../src/api/keys'
import { entryFromObject, entryFromText, holdEntry } from '../../src/codec/entry'
import { readHeader } from '../../src/codec/header'
import { type Json, withoutManagedFields, write, written } from './json'

const textOf = (metadata: Record<string, Json>, rest: Record<string, Json> = {}) =>
  JSON.stringify({ kind: 'Pod', apiVersion: 'v1', metadata, ...rest })

describe('an entry of any JSON object, whatever the order of its keys, its white space and its escapes', () => {
  it('an entry has the values of JSON.parse for any order of keys, white space and escapes', () => {
    fc.assert(
      fc.property(written, ({ text }) => {
        const { metadata, kind = '', apiVersion = '' } = JSON.parse(text)
        const entry = entryFromText(text)
        expect(entry).toMatchObject({
          name: metadata.name,
          namespace: metadata.namespace ?? '',
          uid: metadata.uid ?? '',
          resourceVersion: metadata.resourceVersion ?? '',
        })
        expect(entry.key).toBe(metaNamespaceKey({ metadata }))
        expect(readHeader(text, text.search(/\S/))).toMatchObject({ kind, apiVersion })
      }),
      { numRuns: 500 },
    )
  })

  it('an entry has the same values for the order in which API servers write', () => {
    const text = fc.constantFrom('a', 'web-1', '"', '\\', '\\"', ',"uid":"', 'größer', '😀')
    const member = fc.option(text, { nil: undefined })
    const names = fc.record({
      name: text,
      generateName: member,
      namespace: member,
      uid: member,
      resourceVersion: member,
      labels: fc.constant({ uid: 'x' }),
    })
    fc.assert(
      fc.property(fc.record({ kind: member, apiVersion: member, metadata: names }), ({ metadata, kind = '', apiVersion = '' }) => {
        const line = JSON.stringify({ kind: kind || undefined, apiVersion: apiVersion || undefined, metadata, spec: {} })
        const { generateName: _, labels: __, ...expected } = metadata
        const found = Object.fromEntries(Object.entries(expected).map(([key, value]) => [key, value ?? '']))
        expect(readHeader(line, 0)).toMatchObject({ kind, apiVersion, ...found })
        expect(readHeader(line, 0, line.length)).toMatchObject({ kind, ...found })
      }),
      { numRuns: 500 },
    )
  })

  it('an entry holds the object without metadata.managedFields, or with it on request', () => {
    fc.assert(
      fc.property(written, ({ object, text }) => {
        expect(JSON.parse(entryFromText(text).text)).toEqual(withoutManagedFields(object))
        expect(JSON.parse(entryFromText(text, { managedFields: 'keep' }).text)).toEqual(object)
      }),
      { numRuns: 500 },
    )
  })

  it('an entry keeps the exact text when there is nothing to remove', () => {
    fc.assert(
      fc.property(written, ({ text }) => {
        expect(entryFromText(text, { managedFields: 'keep' }).text).toBe(text.trimStart())
      }),
    )
  })

  it('an entry is written with kind and apiVersion when the text has neither', () => {
    fc.assert(
      fc.property(written, ({ object: { kind: _, apiVersion: __, ...object }, text }) => {
        const typeMeta = { kind: 'Pod', apiVersion: 'v1' }
        const given = JSON.parse(text)
        const expected =
          given.kind === undefined && given.apiVersion === undefined
            ? { ...(withoutManagedFields(object) as object), ...typeMeta }
            : withoutManagedFields(given)
        expect(JSON.parse(entryFromText(text, { typeMeta }).text)).toEqual(expected)
      }),
    )
  })

  it('a truncated text is a ParseError, or gives the values that were complete', () => {
    fc.assert(
      fc.property(written, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), ({ object, line }, part) => {
        const text = line.trim()
        const cut = text.slice(0, Math.floor(part * text.length))
        try {
          const entry = entryFromText(cut)
          expect(entry.name).toBe(object.metadata.name)
          expect(() => entry.object).toThrow(expect.toSatisfy(isParseError))
        } catch (error) {
          expect(error).toSatisfy(isParseError)
        }
      }),
    )
  })
})

describe('managedFields', () => {
  it.each([
    ['first', '{"metadata":{"managedFields":[{"a":"}]"}],"name":"x"}}', '{"metadata":{"name":"x"}}'],
    ['last', '{"metadata":{"name":"x","managedFields":[]}}', '{"metadata":{"name":"x"}}'],
    ['last, with spaces', '{"metadata":{"name":"x" ,\n "managedFields" : [ ] }}', '{"metadata":{"name":"x"  }}'],
    ['in the middle', '{"metadata":{"name":"x","managedFields":[{}],"uid":"u"}}', '{"metadata":{"name":"x","uid":"u"}}'],
    ['null', '{"metadata":{"name":"x","managedFields":null}}', '{"metadata":{"name":"x"}}'],
    ['with the key escaped', '{"metadata":{"name":"x","\\u006danagedFields":[1]}}', '{"metadata":{"name":"x"}}'],
    ['behind a comma in a string', '{"metadata":{"name":"x,","managedFields":[1]}}', '{"metadata":{"name":"x,"}}'],
  ])('managedFields removes managedFields %s', (_where, text, left) => {
    expect(entryFromText(text).text).toBe(left)
  })

  it.each([
    ['a label', textOf({ name: 'x', labels: { managedFields: 'mine' } })],
    ['a member of the spec', textOf({ name: 'x' }, { spec: { managedFields: [1], metadata: { managedFields: [2] } } })],
    ['a member of the object', textOf({ name: 'x' }, { managedFields: [1] })],
    ['a value', textOf({ name: 'managedFields', uid: '"managedFields":[]' })],
  ])('managedFields keeps managedFields as the name of %s', (_what, text) => {
    expect(entryFromText(text).text).toBe(text)
  })
})

describe('the text of an entry', () => {
  it('the text of an entry keeps numbers as the server wrote them', () => {
    const text = '{"metadata":{"name":"x"},"spec":{"big":12345678901234567890,"small":1.10e-7,"zero":-0.0}}'
    expect(entryFromText(text).text).toBe(text)
  })

  it('accepts any leading white space that JSON allows', () => {
    expect(entryFromText('\r\n\t {"metadata":{"name":"x"}}').name).toBe('x')
  })

  it.each([
    ['nothing', ''],
    ['white space', ' \n'],
    ['an array', '[{"metadata":{"name":"x"}}]'],
    ['null', 'null'],
    ['HTML', '<html>'],
    ['an object that ends too early', '{"kind":"Pod","metadata":{"name":"x"'],
    ['an object without quotes', '{metadata:{}}'],
    ['a comma before the end', '{"kind":"Pod",}'],
    ['a key without a value', '{"kind":,"metadata":{"name":"x"}}'],
    ['a broken escape in a name', '{"metadata":{"name":"\\x"}}'],
  ])('the text of an entry refuses a text that is %s with a ParseError that quotes it', (_what, text) => {
    expect(() => entryFromText(text)).toThrow(
      expect.toSatisfy((error) => isParseError(error) && error.message.endsWith(text) && error.cause instanceof SyntaxError),
    )
  })

  it.each([
    ['no metadata', '{"kind":"Pod"}'],
    ['metadata that are no object', '{"metadata":[]}'],
    ['no name', '{"metadata":{"uid":"u"}}'],
    ['an empty name', '{"metadata":{"name":""}}'],
    ['a number for a name', '{"metadata":{"name":1}}'],
    ['null for a name', '{"metadata":{"name":null}}'],
    ['a name elsewhere', '{"name":"x","metadata":{"labels":{"name":"x"}},"spec":{"metadata":{"name":"x"}}}'],
  ])('the text of an entry refuses a text with %s because it does not name an object', (_what, text) => {
    expect(() => entryFromText(text)).toThrow(/not a Kubernetes object: metadata\.name is missing/)
  })

  it('quotes at most 200 characters of an invalid text', () => {
    const long = `{"metadata":{},"x":"${'y'.repeat(1000)}"}`
    expect(() => entryFromText(long)).toThrow(
      expect.toSatisfy((error) => isParseError(error) && error.excerpt === `${long.slice(0, 200)}…` && error.message.length < 300),
    )
  })
})

describe('the object of an entry', () => {
  it('an entry returns the same object while it is referenced', () => {
    const entry = entryFromText('{"metadata":{"name":"x"}}')
    const { object } = entry
    expect(entry.object).toBe(object)
    expect(entry.object).toEqual({ metadata: { name: 'x' } })
  })

  it('an object that does not parse is a ParseError on each read, and the store of the entry is notified', () => {
    const entry = entryFromText('{"kind":"Pod","apiVersion":"v1","metadata":{"name":"x","namespace":"n"},"spec":tru}')
    const told: string[] = []
    holdEntry(entry, { unreadable: ({ key }) => void told.push(key) })
    expect(() => entry.object).toThrow(/the text of n\/x is not JSON/)
    expect(() => entry.object).toThrow(expect.toSatisfy(isParseError))
    expect(told).toEqual(['n/x', 'n/x'])
  })
})

describe('entryFromObject', () => {
  it('entryFromObject creates an entry from JSON.stringify’s output', () => {
    const pod = {
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { name: 'a', namespace: 'n', uid: 'u', resourceVersion: '7', managedFields: [{ manager: 'm' }] },
    }
    const entry = entryFromObject(pod)
    expect(entry).toMatchObject({ key: 'n/a', name: 'a', namespace: 'n', uid: 'u', resourceVersion: '7' })
    expect(entry.object).toEqual({ ...pod, metadata: { name: 'a', namespace: 'n', uid: 'u', resourceVersion: '7' } })
    expect(entryFromObject(pod, { managedFields: 'keep' }).object).toEqual(pod)
  })

  it('entryFromObject refuses an object without a name', () => {
    expect(() => entryFromObject({ metadata: {} })).toThrow(/metadata\.name is missing/)
  })
})

it('the tests’ own JSON writer produces what JSON.parse reads back', () => {
  fc.assert(
    fc.property(written, fc.nat(), ({ object }, seed) => {
      expect(JSON.parse(write(object, seed, { lineEnds: true }))).toEqual(object)
      expect(write(object, seed)).not.toContain('\n')
    }),
  )
})
