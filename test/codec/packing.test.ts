import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isParseError } from '../../src/api/errors'
import { Coder } from '../../src/codec/coder'
import { entryFromObject, entryFromPacked, entryFromText, holdEntry, isPackable, packEntry, readValue } from '../../src/codec/entry'
import { Packer } from '../../src/codec/packer'
import { LoadedTemplates, Template } from '../../src/codec/template'
import { unpack } from '../../src/codec/unpack'
import { podFixture } from '../../src/testing/fixtures'
import { workloadPodFixture } from '../../src/testing/workload-fixtures'
import { written } from './json'

const packAgainst = (template: string, text: string): string => {
  const coder = new Coder()
  const range = coder.pack(new Template(template, undefined, new LoadedTemplates()), text)
  return coder.take([range])[0] ?? ''
}

const textOf = (pod: object) => entryFromObject(pod as ReturnType<typeof podFixture>).text
const inputOf = (pod: ReturnType<typeof podFixture>) => ({ namespace: pod.metadata.namespace ?? '', text: textOf(pod) })
const inputs = (count: number, make: (index: number) => ReturnType<typeof podFixture>) =>
  Array.from({ length: count }, (_, index) => inputOf(make(index)))

/** Packs texts in batches of eight. Returns the packed texts, and the sum of their lengths and of the texts that were kept. */
function packAll(packer: Packer, texts: readonly { namespace: string; text: string }[]) {
  const packed = []
  for (let at = 0; at < texts.length; at += 8) packed.push(...packer.pack(texts.slice(at, at + 8)))
  const size = packed.reduce((sum, one, at) => sum + (one?.packed.length ?? texts[at]?.text.length ?? 0), 0)
  return { packed, mean: size / texts.length }
}

describe('the coder', () => {
  const anyText = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    // Includes lone surrogates.
    fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 200 }).map((codes) => String.fromCharCode(...codes)),
    fc.constantFrom('', '\ufeff', '\ufeff{}', '\ud800', '\udfff\ud800', '{"a":1}', '\ufffd\u00fe\u00ff', 'ÿþý'),
    written.map(({ text }) => text),
  )

  it('restores any text packed against any template', () => {
    fc.assert(
      fc.property(anyText, anyText, (template, text) => {
        expect(unpack(template, packAgainst(template, text))).toBe(text)
      }),
      { numRuns: 3000 },
    )
  })

  it('restores a text that is an edited copy of its template', () => {
    const edit = fc.tuple(fc.nat(400), fc.nat(30), anyText)
    fc.assert(
      fc.property(anyText, anyText, fc.array(edit, { maxLength: 6 }), (start, rest, edits) => {
        const template = start.repeat(3) + rest
        let text = template
        for (const [at, length, inserted] of edits) text = text.slice(0, at) + inserted + text.slice(at + length)
        expect(unpack(template, packAgainst(template, text))).toBe(text)
      }),
      { numRuns: 3000 },
    )
  })

  it.each([
    ['equal texts', 'a"b'.repeat(100), 'a"b'.repeat(100)],
    ['a text that is a prefix of its template', 'abcdefgh'.repeat(50), 'abcdefgh'.repeat(20)],
    ['a template that is a prefix of the text', 'abcdefgh'.repeat(20), 'abcdefgh'.repeat(50)],
    ['texts of 1 MB', 'x'.repeat(1 << 20), `${'x'.repeat(1 << 19)}y${'x'.repeat(1 << 19)}`],
    ['a two-byte text of 1 MB', '店舗'.repeat(1 << 19), `${'店舗'.repeat(1 << 18)}{}${'舗店'.repeat(1 << 18)}`],
    ['a byte order mark', '\ufeff{"kind":"Pod"}', '\ufeff{"kind":"Node"}'],
    ['lone surrogates', `{"a":"\ud83d"}${'b'.repeat(20)}`, `{"a":"\ude00"}${'b'.repeat(20)}`],
    ['an empty template', '', 'text'.repeat(10)],
    ['an empty text', 'text'.repeat(10), ''],
  ])('restores %s', (_, template, text) => {
    // Not toBe, which prints a megabyte when it fails.
    expect(unpack(template, packAgainst(template, text)) === text).toBe(true)
  })

  it('packs a text that equals its template into a few characters', () => {
    expect(packAgainst('a"b'.repeat(100), 'a"b'.repeat(100)).length).toBeLessThan(12)
  })

  it('packs an ASCII text into ASCII characters, so that engines use one byte for each', () => {
    const text = textOf(podFixture(2))
    expect(packAgainst(textOf(podFixture(1)), text)).toMatch(/^[\0-\x7f]*$/)
  })

  it('packs several texts at once, some of them beyond ASCII', () => {
    const coder = new Coder()
    const template = new Template(textOf(podFixture(1)), undefined, new LoadedTemplates())
    const texts = [2, 3, 4].map((index) => textOf(podFixture(index, { nonAscii: index === 3 })))
    const strings = coder.take(texts.map((text) => coder.pack(template, text)))
    expect(strings.map((packed) => unpack(template.text, packed))).toEqual(texts)
  })

  it('ends with an error, or with a text of the same length, for any damaged string', () => {
    const template = textOf(podFixture(1))
    const packed = packAgainst(template, textOf(podFixture(2)))
    fc.assert(
      fc.property(fc.nat(packed.length - 1), fc.nat(0xff), fc.boolean(), (at, code, isCut) => {
        const damaged = packed.slice(0, at) + (isCut ? '' : String.fromCharCode(code) + packed.slice(at + 1))
        try {
          expect(typeof unpack(template, damaged)).toBe('string')
        } catch (error) {
          expect(error).toBeInstanceOf(SyntaxError)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('the packer', () => {
  it('packs the pods of 300 workloads into at most 600 characters each', () => {
    const texts = inputs(3000, (index) => workloadPodFixture(index))
    const { packed, mean } = packAll(new Packer(), texts)
    expect(mean).toBeLessThanOrEqual(600)
    packed.forEach((one, at) => {
      if (one) expect(one.template.unpack(one.packed) === texts[at]?.text).toBe(true)
    })
  })

  it('packs pods whose owners all differ against the text of another pod', () => {
    expect(
      packAll(
        new Packer(),
        inputs(1000, (index) => podFixture(index)),
      ).mean,
    ).toBeLessThanOrEqual(900)
  })

  it('packs pods with text beyond ASCII', () => {
    const texts = inputs(300, (index) => workloadPodFixture(index, { workloads: 10, nonAscii: index % 2 === 0 }))
    const { packed, mean } = packAll(new Packer(), texts)
    expect(mean).toBeLessThanOrEqual(900)
    packed.forEach((one, at) => {
      if (one) expect(one.template.unpack(one.packed) === texts[at]?.text).toBe(true)
    })
  })

  it('leaves texts that share nothing as they are, and tries fewer and fewer of them', () => {
    const random = (index: number) => Array.from({ length: 80 }, (_, n) => Math.imul(index * 977 + n, 2654435761).toString(36)).join('')
    const texts = Array.from({ length: 500 }, (_, index) => ({ namespace: 'shop', text: random(index) }))
    expect(texts.every(({ text }) => text.length >= 512)).toBe(true)
    const coderPack = Coder.prototype.pack
    let tried = 0
    Coder.prototype.pack = function (...args) {
      tried++
      return coderPack.apply(this, args)
    }
    try {
      expect(packAll(new Packer(), texts).packed.filter((one) => one !== undefined)).toEqual([])
      expect(tried).toBeLessThan(20)
    } finally {
      Coder.prototype.pack = coderPack
    }
  })

  it('leaves short texts as they are', () => {
    const texts = Array.from({ length: 20 }, (_, index) => ({ namespace: 'shop', text: `{"kind":"ConfigMap","data":{"n":"${index}"}}` }))
    expect(packAll(new Packer(), texts).packed.every((one) => one === undefined)).toBe(true)
  })

  it('returns to the size it had, with few templates, after a rollout that keeps the owner', () => {
    const packer = new Packer()
    const rollout = (revision: number) =>
      inputs(1000, (index) => workloadPodFixture(index, { workloads: 1, revision })).map(({ namespace, text }) => ({
        namespace,
        // A StatefulSet keeps its uid.
        text: text.replace(/("ownerReferences":\[\{.*?"uid":")[^"]*/, '$1same'),
      }))
    const before = packAll(packer, rollout(0))
    packAll(packer, rollout(1))
    const after = packAll(packer, rollout(1))
    expect(after.mean).toBeLessThanOrEqual(1.2 * before.mean)
    expect(new Set(after.packed.map((one) => one?.template)).size).toBeLessThan(10)
  })

  it('remembers at most 16,384 groups, whatever the number of owners that pass by', () => {
    const packer = new Packer()
    const text = textOf(workloadPodFixture(1))
    for (let index = 0; index < 20_000; index++)
      packer.pack([{ namespace: 'shop', text: text.replace(/("ownerReferences":\[\{.*?"uid":")[^"]*/, `$1owner-${index}`) }])
    expect(packer.groups).toBe(16_384)
  })

  it('keeps the loaded templates within their budget, and loads them again when they are needed', () => {
    const loaded = new LoadedTemplates(100_000)
    const packer = new Packer(loaded)
    const texts = inputs(600, (index) => workloadPodFixture(index, { workloads: 100 }))
    const { packed } = packAll(packer, texts)
    expect(loaded.bytes).toBeLessThanOrEqual(100_000)
    packed.forEach((one, at) => {
      if (one) expect(one.template.unpack(one.packed) === texts[at]?.text).toBe(true)
    })
    expect(loaded.bytes).toBeLessThanOrEqual(100_000)
  })
})

describe('a packed entry', () => {
  const packedEntry = (options: { nonAscii?: boolean } = {}) => {
    const [first, second] = [1, 2].map((index) => workloadPodFixture(index, { workloads: 1, ...options }))
    const entry = entryFromObject(second as NonNullable<typeof second>)
    const { text } = entry
    const packer = new Packer()
    packer.pack([inputOf(first as NonNullable<typeof first>)])
    const [one] = packer.pack([entry])
    return { entry, text, one: one as NonNullable<typeof one> }
  }

  it.each([[false], [true]])('has the same text, object and identity as before (text beyond ASCII: %s)', (nonAscii) => {
    const { entry, text, one } = packedEntry({ nonAscii })
    const { key, uid, resourceVersion, object, labels } = entry
    packEntry(entry, one.packed, one.template.unpack)
    expect(entry.text).toBe(text)
    expect(entry.object).toBe(object)
    expect(entry.labels).toBe(labels)
    expect({ ...entry }).toMatchObject({ key, uid, resourceVersion, text })
    expect(structuredClone(entry)).toEqual({ key, uid, resourceVersion, text })
    expect(JSON.parse(JSON.stringify(entry))).toEqual({ key, uid, resourceVersion, text })
    expect(new Proxy(entry, {}).text).toBe(text)
    expect(new Proxy(entry, {}).object).toEqual(object)
    expect(readValue(entry, ['spec', 'nodeName'])).toBe(object.spec.nodeName)
  })

  it('stays packed: packing it again, and reading it, changes nothing', () => {
    const { entry, text, one } = packedEntry()
    packEntry(entry, one.packed, one.template.unpack)
    void entry.object
    expect(isPackable(entry)).toBe(false)
    packEntry(entry, 'other', () => 'other')
    expect(entry.text).toBe(text)
  })

  it('is not packed while it is frozen', () => {
    const { entry, text, one } = packedEntry()
    Object.freeze(entry)
    expect(isPackable(entry)).toBe(false)
    packEntry(entry, one.packed, one.template.unpack)
    expect(entry.text).toBe(text)
  })

  it('is unpacked once for its labels, and once for its object while the object is held', () => {
    const { entry, one } = packedEntry()
    let unpacked = 0
    packEntry(entry, one.packed, (packed) => {
      unpacked++
      return one.template.unpack(packed)
    })
    void entry.key
    expect(unpacked).toBe(0)
    void entry.labels
    void entry.labels
    expect(unpacked).toBe(1)
    const held = [entry.object, entry.object]
    expect(held[0]).toBe(held[1])
    expect(unpacked).toBe(2)
  })

  it('throws a ParseError and notifies its stores when its packed text is damaged', () => {
    const { text, one } = packedEntry()
    const damaged = one.packed.slice(0, -20)
    const { key, uid, resourceVersion } = entryFromText(text)
    for (const read of ['object', 'labels', 'text'] as const) {
      const entry = entryFromPacked(key, uid, resourceVersion, damaged, one.template.unpack)
      const unreadable: unknown[] = []
      holdEntry(entry, { unreadable: (found) => unreadable.push(found) })
      let error: unknown
      try {
        void entry[read]
      } catch (thrown) {
        error = thrown
      }
      expect(isParseError(error)).toBe(true)
      if (read !== 'text') expect(unreadable).toEqual([entry].map(() => expect.anything()))
    }
  })
})
