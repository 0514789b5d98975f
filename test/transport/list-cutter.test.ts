import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isParseError } from '../../src/errors'
import type { Entry, EntryOptions } from '../../src/meta/entry'
import type { KubeObject, ListMeta } from '../../src/meta/object'
import { ListCutter } from '../../src/transport/list-cutter'
import { type Json, json, withoutManagedFields, write, written } from '../meta/json'
import { byteByByte, cutAt, cuts, utf8 } from './chunks'

function cut(
  chunks: readonly Uint8Array[],
  options?: EntryOptions & { maxItemLength?: number },
): { metadata: ListMeta; entries: Entry<KubeObject>[] } {
  const cutter = new ListCutter<KubeObject>(options)
  const entries: Entry<KubeObject>[] = []
  const emit = (entry: Entry<KubeObject>) => void entries.push(entry)
  for (const chunk of chunks) cutter.push(chunk, emit)
  return { metadata: cutter.end(), entries }
}

const summary = ({ metadata, entries }: ReturnType<typeof cut>) => ({
  metadata,
  entries: entries.map(({ key, uid, resourceVersion, text }) => ({ key, uid, resourceVersion, text })),
})
const names = ({ entries }: ReturnType<typeof cut>) => entries.map(({ name }) => name)

const list = fc
  .record({
    items: fc.array(written, { maxLength: 4 }),
    resourceVersion: fc.nat().map(String),
    more: fc.dictionary(fc.constantFrom('kind', 'apiVersion', 'x', 'it"ems'), json),
    seed: fc.nat(),
  })
  .map(({ items, resourceVersion, more, seed }) => ({
    items: items.map(({ object }) => object),
    resourceVersion,
    text: write(
      { ...more, metadata: { resourceVersion, continue: '', items: [{ no: 1 }] }, items: items.map(({ object }) => object) } as Json,
      seed,
      { lineEnds: true },
    ),
  }))

describe('the items of a list', () => {
  it('are cut out whatever the order of keys, the white space and the look-alikes', () => {
    fc.assert(
      fc.property(list, ({ items, resourceVersion, text }) => {
        const { metadata, entries } = cut([utf8(text)])
        expect(metadata.resourceVersion).toBe(resourceVersion)
        expect(entries.map((entry) => JSON.parse(entry.text))).toEqual(items.map(withoutManagedFields))
      }),
      { numRuns: 200 },
    )
  })

  it('are the same however the bytes are cut', () => {
    fc.assert(
      fc.property(list, cuts, ({ text }, places) => {
        expect(summary(cut(cutAt(text, places)))).toEqual(summary(cut([utf8(text)])))
      }),
      { numRuns: 200 },
    )
  })

  it('come through when each byte comes alone', () => {
    fc.assert(
      fc.property(list, ({ text }) => {
        expect(summary(cut(byteByByte(text)))).toEqual(summary(cut([utf8(text)])))
      }),
      { numRuns: 20 },
    )
  })

  it('come through an escape cut in two at every byte', () => {
    const text =
      '{"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"a\\\\"},"x":"\\"}]\\u007d\\\\"},{"metadata":{"name":"b"}}]}'
    for (let at = 0; at <= text.length; at++) {
      const bytes = utf8(text)
      expect(names(cut([bytes.slice(0, at), new Uint8Array(), bytes.slice(at)]))).toEqual(['a\\', 'b'])
    }
  })

  it('are emitted as soon as they are whole', () => {
    const cutter = new ListCutter<KubeObject>()
    const seen: string[] = []
    const push = (text: string) => cutter.push(utf8(text), ({ name }) => void seen.push(name))
    push('{"metadata":{},"items":[{"metadata":{"name":"a"}')
    expect(seen).toEqual([])
    push('}')
    expect(seen).toEqual(['a'])
    push(',{"metadata":{"name":"b"}},{"metadata":{"name":"c"}},{')
    expect(seen).toEqual(['a', 'b', 'c'])
  })

  it.each([
    ['in front', '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"}}'],
    ['behind their metadata', '{"metadata":{"name":"a"},"spec":{},"kind":"Pod","apiVersion":"v1"}'],
    ['behind their metadata, with white space', '{"metadata":{"name":"a"}, "apiVersion" : "v1" , "kind" : "Pod"}'],
  ])('keep the kind they have %s', (_where, item) => {
    const typeMeta = { kind: 'Other', apiVersion: 'v2' }
    expect(cut([utf8(`{"items":[${item}],"metadata":{}}`)], { typeMeta }).entries[0]?.text).toBe(item)
  })

  it('are given the kind they lack, however often the word stands in them', () => {
    const item = '{"metadata":{"name":"a"},"spec":{"ref":{"kind":"Node","apiVersion":"v1"},"kinds":["kind"]}}'
    const typeMeta = { kind: 'Pod', apiVersion: 'v1' }
    expect(cut([utf8(`{"items":[${item}],"metadata":{}}`)], { typeMeta }).entries[0]?.text).toBe(
      `{"kind":"Pod","apiVersion":"v1",${item.slice(1)}`,
    )
  })

  it('are given the kind they lack and lose their managedFields', () => {
    const text = '{"metadata":{},"items":[{"metadata":{"name":"a","managedFields":[{}]}}]}'
    const typeMeta = { kind: 'Pod', apiVersion: 'v1' }
    expect(cut([utf8(text)], { typeMeta }).entries[0]?.text).toBe('{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"}}')
    expect(cut([utf8(text)], { managedFields: 'keep' }).entries[0]?.text).toBe('{"metadata":{"name":"a","managedFields":[{}]}}')
  })
})

describe('a list', () => {
  const metadata = { resourceVersion: '7', continue: 'more', remainingItemCount: 3 }

  it.each([
    [
      'metadata first',
      `{"kind":"PodList","apiVersion":"v1","metadata":${JSON.stringify(metadata)},"items":[{"metadata":{"name":"a"}}]}`,
      ['a'],
    ],
    ['items first', `{"items":[{"metadata":{"name":"a"}}],"metadata":${JSON.stringify(metadata)},"kind":"PodList"}`, ['a']],
    ['items under an escaped key', `{"it\\u0065ms":[{"metadata":{"name":"a"}}],"metadata":${JSON.stringify(metadata)}}`, ['a']],
    ['no items', `{"metadata":${JSON.stringify(metadata)},"items":[]}`, []],
    ['spaces in place of items', `{"metadata":${JSON.stringify(metadata)},"items": [ \n ] }`, []],
    ['null for items, as Go writes none', `{"items":null,"metadata":${JSON.stringify(metadata)}}`, []],
    [
      'items elsewhere',
      `{"x":{"items":[1]},"metadata":${JSON.stringify(metadata)},"items":[{"metadata":{"name":"a"},"items":[2]}]}`,
      ['a'],
    ],
    ['a byte order mark', `\ufeff{"metadata":${JSON.stringify(metadata)},"items":[]}`, []],
    [
      'pretty-printed',
      `${JSON.stringify({ kind: 'PodList', metadata, items: [{ metadata: { name: 'a' } }, { metadata: { name: 'b' } }] }, null, 2)}\n`,
      ['a', 'b'],
    ],
  ])('with %s is read to its end', (_what, text, expected) => {
    for (const chunks of [[utf8(text)], byteByByte(text)]) {
      const result = cut(chunks)
      expect(names(result)).toEqual(expected)
      expect(result.metadata).toEqual(metadata)
    }
  })

  it.each([
    ['nothing', '', 'not a whole JSON list'],
    ['HTML', '<html></html>', 'not a whole JSON list'],
    ['cut off in the head', '{"metadata":{"resourceVer', 'not a whole JSON list'],
    ['cut off before the first item', '{"metadata":{},"items":[', 'not a whole JSON list'],
    ['cut off in an item', '{"metadata":{},"items":[{"metadata":{"name":"a"}},{"meta', 'not a whole JSON list'],
    ['cut off after an item', '{"metadata":{},"items":[{"metadata":{"name":"a"}}', 'not a whole JSON list'],
    ['cut off after the items', '{"metadata":{},"items":[{"metadata":{"name":"a"}}]', 'not a whole JSON list'],
    ['followed by something', '{"metadata":{},"items":[]} {}', 'not a whole JSON list'],
    ['an array', '[]', 'not a Kubernetes list'],
    ['null', 'null', 'not a Kubernetes list'],
    ['a single object', '{"kind":"Pod","metadata":{"name":"a","resourceVersion":"1"}}', 'not a Kubernetes list'],
    ['a Status', '{"kind":"Status","metadata":{},"status":"Success"}', 'not a Kubernetes list'],
    ['without metadata', '{"items":[]}', 'not a Kubernetes list'],
    ['with an object for items', '{"metadata":{},"items":{}}', 'not a Kubernetes list'],
    ['with a number for a version', '{"metadata":{"resourceVersion":1},"items":[]}', 'not a Kubernetes list'],
    ['of null', '{"metadata":{},"items":[null]}', 'an item of a list is not an object'],
    ['of strings', '{"metadata":{},"items":["a"]}', 'an item of a list is not an object'],
    ['of nameless objects', '{"metadata":{},"items":[{"metadata":{}}]}', 'metadata.name'],
    ['of objects without quotes', '{"metadata":{},"items":[{a:1}]}', 'an item of a list is not a JSON object'],
  ])('that is %s is a ParseError', (_what, text, message) => {
    for (const chunks of [[utf8(text)], byteByByte(text)]) {
      expect(() => cut(chunks)).toThrow(expect.toSatisfy((error) => isParseError(error) && error.message.includes(message)))
    }
  })

  it('is refused for one item longer than the bound, after the items before it, however the bytes are cut', () => {
    const long = `{"metadata":{"name":"b"},"x":"${'y'.repeat(60)}"}`
    const text = `{"metadata":{},"items":[{"metadata":{"name":"a"}},${long},{"metadata":{"name":"c"}}]}`
    fc.assert(
      fc.property(cuts, (places) => {
        const cutter = new ListCutter<KubeObject>({ maxItemLength: 64 })
        const seen: string[] = []
        expect(() => {
          for (const chunk of cutAt(text, places)) cutter.push(chunk, ({ name }) => void seen.push(name))
        }).toThrow('an item of a list is longer than the bound of 64 bytes')
        expect(seen).toEqual(['a'])
      }),
    )
    expect(names(cut([utf8(text)], { maxItemLength: long.length }))).toEqual(['a', 'b', 'c'])
  })

  it.each([
    ['before', `{"x":"${'y'.repeat(100)}`],
    ['behind', `{"metadata":{},"items":[],"x":"${'y'.repeat(100)}`],
  ])('does not gather what stands %s the items without bound', (_where, text) => {
    expect(() => cut(byteByByte(text), { maxItemLength: 64 })).toThrow(
      'what a list has beside its items is longer than the bound of 64 bytes',
    )
  })
})
