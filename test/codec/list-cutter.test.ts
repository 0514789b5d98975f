import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { isParseError } from '../../src/api/errors'
import type { KubeObject, ListMeta } from '../../src/api/object'
import type { Entry, EntryOptions } from '../../src/codec/entry'
import { ListCutter } from '../../src/codec/list-cutter'
import { ListHead } from '../../src/codec/list-head'
import type { Skipped } from '../../src/codec/wire'
import { listMetaFrom } from '../../src/http/list'
import { byteByByte, cutAt, cuts, utf8 } from './chunks'
import { type Json, json, withoutManagedFields, write, written } from './json'

function cut(
  chunks: readonly Uint8Array[],
  options?: EntryOptions & { maxItemLength?: number },
): { metadata: ListMeta; entries: Entry<KubeObject>[]; skipped: Skipped | undefined } {
  const cutter = new ListCutter<KubeObject>(options)
  const entries: Entry<KubeObject>[] = []
  const emit = (entry: Entry<KubeObject>) => void entries.push(entry)
  for (const chunk of chunks) cutter.push(chunk, emit)
  return { metadata: listMetaFrom(cutter.end(), { method: 'GET', url: 'http://kube.test' }), entries, skipped: cutter.skipped }
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
  it('the items of a list are cut out for any order of keys, white space and look-alikes', () => {
    fc.assert(
      fc.property(list, ({ items, resourceVersion, text }) => {
        const { metadata, entries } = cut([utf8(text)])
        expect(metadata.resourceVersion).toBe(resourceVersion)
        expect(entries.map((entry) => JSON.parse(entry.text))).toEqual(items.map(withoutManagedFields))
      }),
      { numRuns: 200 },
    )
  })

  it('the items of a list are the same however the bytes are cut', () => {
    fc.assert(
      fc.property(list, cuts, ({ text }, places) => {
        expect(summary(cut(cutAt(text, places)))).toEqual(summary(cut([utf8(text)])))
      }),
      { numRuns: 200 },
    )
  })

  it('the items of a list are complete when each byte arrives separately', () => {
    fc.assert(
      fc.property(list, ({ text }) => {
        expect(summary(cut(byteByByte(text)))).toEqual(summary(cut([utf8(text)])))
      }),
      { numRuns: 20 },
    )
  })

  it('the items of a list are complete when an escape is cut at any byte', () => {
    const text =
      '{"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"a\\\\"},"x":"\\"}]\\u007d\\\\"},{"metadata":{"name":"b"}}]}'
    for (let at = 0; at <= text.length; at++) {
      const bytes = utf8(text)
      expect(names(cut([bytes.slice(0, at), new Uint8Array(), bytes.slice(at)]))).toEqual(['a\\', 'b'])
    }
  })

  it('the items of a list are emitted as soon as they are complete', () => {
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
  ])('the items of a list keep the kind they have %s', (_where, item) => {
    const typeMeta = { kind: 'Other', apiVersion: 'v2' }
    expect(cut([utf8(`{"items":[${item}],"metadata":{}}`)], { typeMeta }).entries[0]?.text).toBe(item)
  })

  it('the items of a list get the kind they lack, however often the word occurs in them', () => {
    const item = '{"metadata":{"name":"a"},"spec":{"ref":{"kind":"Node","apiVersion":"v1"},"kinds":["kind"]}}'
    const typeMeta = { kind: 'Pod', apiVersion: 'v1' }
    expect(cut([utf8(`{"items":[${item}],"metadata":{}}`)], { typeMeta }).entries[0]?.text).toBe(
      `{"kind":"Pod","apiVersion":"v1",${item.slice(1)}`,
    )
  })

  it('the items of a list get the kind they lack and lose their managedFields', () => {
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
  ])('a list with %s is read to its end', (_what, text, expected) => {
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
    ['nothing but items', '{"items":[]}', 'not a Kubernetes list'],
    ['with an object for items', '{"metadata":{},"items":{}}', 'not a Kubernetes list'],
    ['with its version twice', '{"metadata":{"resourceVersion":"1","resourceVersion":"2"},"items":[]}', '"resourceVersion" twice'],
    ['with its metadata twice', '{"metadata":{},"items":[],"meta\\u0064ata":{}}', '"metadata" twice'],
    ['with its items twice', '{"metadata":{},"items":[{"metadata":{"name":"a"}}],"items":[]}', '"items" twice'],
    ['of words that are not JSON', '{"metadata":{},"items":[nonsense]}', 'an item of a list is not JSON'],
    ['of objects without quotes', '{"metadata":{},"items":[{a:1}]}', 'an item of a list is not a JSON object'],
  ])('a list that is %s is a ParseError', (_what, text, message) => {
    for (const chunks of [[utf8(text)], byteByByte(text)]) {
      expect(() => cut(chunks)).toThrow(expect.toSatisfy((error) => isParseError(error) && error.message.includes(message)))
    }
  })

  it.each([
    ['its metadata null', '{"metadata":null,"items":[]}', {}],
    ['no metadata, but a kind', '{"kind":"PodList","items":[]}', {}],
    ['its version null', '{"metadata":{"resourceVersion":null},"items":[]}', {}],
    ['its version a number', '{"metadata":{"resourceVersion":7},"items":[]}', { resourceVersion: '7' }],
    ['its token null', '{"metadata":{"resourceVersion":"7","continue":null},"items":[]}', { resourceVersion: '7' }],
    ['its token a number', '{"metadata":{"continue":7},"items":[]}', { continue: '7' }],
    ['its count null', '{"metadata":{"resourceVersion":"7","remainingItemCount":null},"items":null}', { resourceVersion: '7' }],
    ['its count a string', '{"metadata":{"remainingItemCount":"3"},"items":[]}', { remainingItemCount: 3 }],
    ['its version an object', '{"metadata":{"resourceVersion":{},"continue":"a"},"items":[]}', { continue: 'a' }],
  ])('a list counts with %s', (_what, text, metadata) => {
    for (const chunks of [[utf8(text)], byteByByte(text)]) expect(cut(chunks).metadata).toEqual(metadata)
  })

  it.each([
    ['null', 'null', 'is not an object'],
    ['a number', '-1.5e3', 'is not an object'],
    ['a string that looks like the end', '"a\\"}],"', 'is not an object'],
    ['an array', '[[{"metadata":{"name":"b"}}],"]"]', 'is not an object'],
    ['an object without a name', '{"metadata":{}}', 'metadata.name'],
    ['an object without metadata', '{}', 'metadata.name'],
    ['an object whose metadata is null', '{"metadata":null}', 'metadata.name'],
    ['an object whose name is null', '{"metadata":{"name":null}}', 'metadata.name'],
    ['an object whose name is a number', '{"metadata":{"name":1}}', 'metadata.name'],
    ['an object with its metadata twice', '{"metadata":{"name":"x"},"spec":{},"metadata":{"name":"y"}}', '"metadata" twice'],
    [
      'an object with its metadata twice, once by escapes',
      '{"metadata":{"name":"x"},"spec":{},"meta\\u0064ata":{"name":"y"}}',
      '"metadata" twice',
    ],
    ['an object with its metadata twice, once null', '{"metadata":{"name":"x"},"metadata":null}', '"metadata" twice'],
    ['an object with its name twice', '{"metadata":{"name":"x","name":"y"}}', '"name" twice'],
    ['an object with its name twice, once by escapes', '{"metadata":{"name":"x","na\\u006de":"y"}}', '"name" twice'],
    ['an object with its namespace twice', '{"metadata":{"namespace":"a","name":"x","namespace":"b"}}', '"namespace" twice'],
    ['an object with its uid twice', '{"metadata":{"name":"x","uid":"1","uid":"2"}}', '"uid" twice'],
    [
      'an object with its version twice',
      '{"metadata":{"name":"x","resourceVersion":"1","resourceVersion":"2"}}',
      '"resourceVersion" twice',
    ],
    ['an object with its labels twice', '{"metadata":{"name":"x","labels":{},"labels":{"a":"b"}}}', '"labels" twice'],
    ['an object with its kind twice', '{"kind":"Pod","kind":"Secret","metadata":{"name":"x"}}', '"kind" twice'],
    ['an object that is nested too deep', `{"metadata":{"name":"x"},"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'nested deeper'],
    ['an array that is nested too deep', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'is not an object'],
  ])('a list counts without %s, which is reported', (_what, item, message) => {
    const text = `{"metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"a"}}, ${item} ,{"metadata":{"name":"c"}}]}`
    for (const chunks of [[utf8(text)], text.length < 1_000 ? byteByByte(text) : cutAt(text, [0.1, 0.5, 0.9])]) {
      const result = cut(chunks, { typeMeta: { kind: 'Pod', apiVersion: 'v1' } })
      expect(names(result)).toEqual(['a', 'c'])
      expect(result.skipped).toMatchObject({ count: 1, errors: [{ message: expect.stringContaining(message) }] })
      expect(result.skipped?.errors[0]).toSatisfy(isParseError)
    }
  })

  it('a list names the first ten items that it skips, and counts all of them', () => {
    const { skipped } = cut([utf8(`{"metadata":{},"items":[${Array(25).fill('null')}]}`)])
    expect(skipped?.count).toBe(25)
    expect(skipped?.errors).toHaveLength(10)
  })

  it('a list has one identity for each object that it keeps: the one of JSON.parse', () => {
    fc.assert(
      fc.property(
        written,
        fc.constantFrom('name', 'namespace', 'uid', 'metadata', 'kind'),
        fc.nat(),
        fc.boolean(),
        cuts,
        (object, key, seed, isEscaped, places) => {
          const spelled = isEscaped ? `${key.slice(0, 1)}\\u00${key.charCodeAt(1).toString(16)}${key.slice(2)}` : key
          const member = `,"${spelled}":${key === 'metadata' ? '{"name":"other"}' : '"other"'}`
          // Somewhere in the text: in the metadata, in the object, or in what no identity depends on.
          const braces = [...object.line.matchAll(/\}/g)].map(({ index }) => index)
          const at = braces[seed % braces.length] as number
          const item = `${object.line.slice(0, at)}${member}${object.line.slice(at)}`
          let parsed: KubeObject
          try {
            parsed = JSON.parse(item)
          } catch {
            return
          }
          const { entries, skipped } = cut(cutAt(`{"metadata":{},"items":[${item}]}`, places))
          const [entry] = entries
          if (!entry) expect(skipped?.count).toBe(1)
          else expect([entry.name, entry.namespace]).toEqual([parsed.metadata.name, parsed.metadata.namespace ?? ''])
        },
      ),
      { numRuns: 500 },
    )
  })

  it('a list is refused when it is truncated at any byte', () => {
    const text = '{"kind":"PodList","metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"ü"}},{"metadata":{"name":"b"}}]}'
    const bytes = utf8(text)
    for (let end = 0; end < bytes.length; end++) {
      expect(() => cut([bytes.slice(0, end)])).toThrow('the response is not a whole JSON list')
    }
  })

  it('a string that is not UTF-8 does not affect its neighbours, which keep one byte per character', () => {
    const [before, after] = [
      '{"metadata":{},"items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"},"x":"',
      '"},{"metadata":{"name":"c"}}]}',
    ]
    const bytes = Uint8Array.of(...utf8(before), 0xff, 0xc3, 0x28, 0x00, ...utf8(after))
    const { entries } = cut([bytes])
    expect(entries.map(({ text }) => text)).toEqual([
      '{"metadata":{"name":"a"}}',
      '{"metadata":{"name":"b"},"x":"\ufffd\ufffd(\0"}',
      '{"metadata":{"name":"c"}}',
    ])
    expect(() => entries[1]?.object).toThrow('the text of b is not JSON')
  })

  it('the head of a list is read once per byte, however small the chunks are', () => {
    let reads = 0
    const counted = (text: string): ArrayLike<number> =>
      new Proxy(Array.from(utf8(text)), {
        get: (bytes, key) => {
          if (key !== 'length') reads++
          return Reflect.get(bytes, key)
        },
      })
    const head = new ListHead()
    const part = `"x":"${'y'.repeat(45)}",`
    head.push(counted('{'))
    for (let i = 0; i < 2_000; i++) head.push(counted(part))
    expect(head.push(counted('"items":['))).toBe('"items":['.length)
    expect(reads).toBe(1 + 2_000 * part.length + '"items":['.length)
  })

  it('the head of a list is not read again from the start with each chunk', () => {
    const charCodeAt = vi.spyOn(String.prototype, 'charCodeAt')
    const decode = vi.spyOn(TextDecoder.prototype, 'decode')
    try {
      const cutter = new ListCutter<KubeObject>()
      const size = 50
      for (let i = 0; i < 2_000; i++) cutter.push(utf8(i === 0 ? `{"x":"${'y'.repeat(size)}` : 'y'.repeat(size)), () => undefined)
      expect(charCodeAt.mock.calls.length).toBeLessThan(10_000)
      expect(decode.mock.calls.reduce((sum, [bytes]) => sum + (bytes?.byteLength ?? 0), 0)).toBeLessThan(2 * 2_000 * size)
    } finally {
      charCodeAt.mockRestore()
      decode.mockRestore()
    }
  })

  it('a list is refused for one item longer than the maximum, after the items before it, however the bytes are cut', () => {
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
  ])('a list does not gather what stands %s the items without bound', (_where, text) => {
    expect(() => cut(byteByByte(text), { maxItemLength: 64 })).toThrow(
      'what a list has beside its items is longer than the bound of 64 bytes',
    )
  })
})
