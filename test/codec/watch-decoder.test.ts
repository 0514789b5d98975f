import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isParseError, isWatchError } from '../../src/api/errors'
import type { KubeObject } from '../../src/api/object'
import type { EntryOptions } from '../../src/codec/entry'
import { LineSplitter } from '../../src/codec/lines'
import { WatchDecoder } from '../../src/codec/watch-decoder'
import { INITIAL_EVENTS_END, type WatchEntry } from '../../src/codec/wire'
import { byteByByte, cutAt, cuts, utf8 } from './chunks'
import { type Json, withoutManagedFields, write, written } from './json'

type Event = WatchEntry<KubeObject>

function decode(line: string, options?: EntryOptions): Event[] {
  const events: Event[] = []
  new WatchDecoder<KubeObject>(options).decode(line, 0, line.length, (event) => void events.push(event))
  return events
}

function decodeStream(chunks: readonly Uint8Array[]): Event[] {
  const splitter = new LineSplitter()
  const events: Event[] = []
  const decoder = new WatchDecoder<KubeObject>()
  const line = (text: string, start: number, end: number) => decoder.decode(text, start, end, (event) => void events.push(event))
  for (const chunk of chunks) splitter.push(chunk, line)
  splitter.end(line)
  return events
}

const summary = (event: Event) => ('entry' in event ? { type: event.type, key: event.entry.key, text: event.entry.text } : event)

const change = fc.tuple(fc.constantFrom('ADDED', 'MODIFIED', 'DELETED'), written, fc.nat(), fc.constantFrom('\n', '\r\n', '\n\n', ''))
const eventStream = fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => ({
  changes,
  text: changes.map(([type, { object }, seed, end]) => write({ type, object } as Json, seed) + end).join(''),
}))

describe('watch events', () => {
  it('watch events are the same however their bytes are cut, for any order of keys and white space, one or more on a line', () => {
    fc.assert(
      fc.property(eventStream, cuts, ({ changes, text }, places) => {
        const events = decodeStream([utf8(text)])
        expect(events.map((event) => ('entry' in event ? [event.type, JSON.parse(event.entry.text)] : event))).toEqual(
          changes.map(([type, { object }]) => [type, withoutManagedFields(object)]),
        )
        expect(decodeStream(cutAt(text, places)).map(summary)).toEqual(events.map(summary))
      }),
      { numRuns: 150 },
    )
  })

  it('watch events are complete when each byte arrives separately', () => {
    fc.assert(
      fc.property(eventStream, ({ text }) => {
        expect(decodeStream(byteByByte(text)).map(summary)).toEqual(decodeStream([utf8(text)]).map(summary))
      }),
      { numRuns: 30 },
    )
  })

  it.each([
    ['type first', '{"type":"ADDED","object":{"metadata":{"name":"x"}}}'],
    ['object first', '{"object":{"metadata":{"name":"x"}},"type":"ADDED"}'],
    ['members nobody knows', '{"x":{"type":"ERROR","object":1},"type":"ADDED","y":[],"object":{"metadata":{"name":"x"}},"z":"object"}'],
    ['escapes in the keys', '{"\\u0074ype":"\\u0041DDED","obj\\u0065ct":{"metadata":{"name":"x"}}}'],
    ['white space', ' { "type" : "ADDED" , "object" : {"metadata":{"name":"x"}} } \r'],
  ])('watch events are read with %s', (_what, line) => {
    expect(decode(line).map(summary)).toEqual([{ type: 'ADDED', key: 'x', text: '{"metadata":{"name":"x"}}' }])
  })

  it('several events on a line are emitted one by one, including those before an invalid one', () => {
    const events: Event[] = []
    const line =
      '{"type":"ADDED","object":{"metadata":{"name":"a"}}} {"type":"DELETED","object":{"metadata":{"name":"b"}}}{"type":"ADDED","object":{x}}'
    expect(() => new WatchDecoder<KubeObject>().decode(line, 0, line.length, (event) => void events.push(event))).toThrow('not JSON')
    expect(events.map((event) => event.type)).toEqual(['ADDED', 'DELETED'])
  })

  it('watch events are the same on both paths of the decoder', () => {
    fc.assert(
      fc.property(eventStream, ({ changes, text }) => {
        // As API servers write them, and as anybody may.
        const plain = changes.map(([type, { object }]) => {
          const { kind = 'Pod', apiVersion = 'v1', metadata, ...rest } = object
          return JSON.stringify({ type, object: { kind, apiVersion, metadata, ...rest } })
        })
        const known = new WatchDecoder<KubeObject>()
        const usual = '{"type":"ADDED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"x"}}}'
        known.decode(usual, 0, usual.length, () => undefined)
        for (const line of [...plain, ...text.split('\n')]) {
          const events: Event[] = []
          known.decode(`${usual}${line}`, usual.length, usual.length + line.length, (event) => void events.push(event))
          expect(events.map(summary)).toEqual(decode(line).map(summary))
        }
      }),
      { numRuns: 300 },
    )
  })

  it.each([
    ['right behind it', ''],
    ['behind a space', ' '],
    ['behind a tab', '\t'],
  ])('two on a line are two, the second %s, also when the decoder has come to know its server', (_what, space) => {
    const known = new WatchDecoder<KubeObject>()
    const event = (name: string) =>
      `{"type":"ADDED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"${name}"},"spec":{"a":1}}}`
    const other = '{"type":"DELETED", "object" : {"kind":"Pod","apiVersion":"v1","metadata":{"name":"c"}}}'
    const keys: string[] = []
    for (const line of [event('x'), `${event('a')}${space}${event('b')}`, `${event('a')}${space}${other}`])
      known.decode(line, 0, line.length, (each) => void ('entry' in each && keys.push(each.entry.key)))
    expect(keys).toEqual(['x', 'a', 'b', 'a', 'c'])
  })

  it('watch events keep managedFields on request, and get the kind they lack', () => {
    const line = '{"type":"ADDED","object":{"metadata":{"name":"x","managedFields":[]}}}'
    const [event] = decode(line, { managedFields: 'keep', typeMeta: { kind: 'Pod', apiVersion: 'v1' } })
    expect(event).toMatchObject({ entry: { text: '{"kind":"Pod","apiVersion":"v1","metadata":{"name":"x","managedFields":[]}}' } })
  })

  it.each([
    ['cut off', '{"type":"ADDED","object":{"metadata":{"name":"x"}}'],
    ['HTML', '<html><body>Bad gateway</body></html>'],
    ['plain text', 'upstream connect error'],
    ['an array', '[]'],
    ['null', 'null'],
    ['without a type and an object', '{"kind":"Pod"}'],
    ['a bookmark that does not parse', '{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":tru}}}'],
    ['an error that does not parse', '{"type":"ERROR","object":{x}}'],
  ])('watch events that are %s are a ParseError', (_what, line) => {
    expect(() => decode(line)).toThrow(expect.toSatisfy(isParseError))
  })

  it.each([
    ['without an object', '{"type":"ADDED"}', 'has an object'],
    ['about null', '{"type":"ADDED","object":null}', 'has an object'],
    ['about an array', '{"type":"MODIFIED","object":[]}', 'has an object'],
    ['about nothing with a name', '{"type":"DELETED","object":{"metadata":{}}}', 'metadata.name'],
    ['about an object without metadata', '{"type":"DELETED","object":{"metadata":null}}', 'metadata.name'],
    ['with their type twice', '{"type":"ADDED","type":"DELETED","object":{"metadata":{"name":"x"}}}', '"type" twice'],
    ['with their object twice', '{"type":"ADDED","object":{"metadata":{"name":"x"}},"object":{"metadata":{"name":"y"}}}', '"object" twice'],
    ['with their object twice, once by escapes', '{"type":"ADDED","object":{"metadata":{"name":"x"}},"\\u006fbject":1}', '"object" twice'],
    [
      'about an object with its metadata twice',
      '{"type":"ADDED","object":{"metadata":{"name":"x"},"spec":{},"metadata":{"name":"y"}}}',
      '"metadata" twice',
    ],
    ['about an object with its name twice', '{"type":"ADDED","object":{"metadata":{"name":"x","na\\u006de":"y"}}}', '"name" twice'],
    [
      'nested too deep',
      `{"type":"ADDED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"x"},"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`,
      'nested deeper',
    ],
  ])('watch events that are %s are skipped and say why', (_what, line, message) => {
    const usual = '{"type":"ADDED","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"}}}'
    const known = new WatchDecoder<KubeObject>()
    known.decode(usual, 0, usual.length, () => undefined)
    const events = decode(line)
    known.decode(line, 0, line.length, (event) => void events.push(event))
    const error = expect.toSatisfy((it) => isParseError(it) && it.message.includes(message))
    expect(events).toEqual([
      { type: 'SKIPPED', error },
      { type: 'SKIPPED', error },
    ])
  })

  it.each([
    ['behind the specification', '"metadata":{"name":"y"}'],
    ['with escapes', '"met\\u0061data":{"name":"y"}'],
    ['null', '"metadata":null'],
  ])(
    'watch events are never of two objects, also when the decoder has come to know its server: the metadata once more, %s',
    (_what, member) => {
      const known = new WatchDecoder<KubeObject>()
      const object = (more: string, size: number) =>
        `{"kind":"Pod","apiVersion":"v1","metadata":{"name":"x"},"spec":{"a":"${'-'.repeat(size)}"}${more}}`
      const events: Event[] = []
      for (const line of [object('', 0), object(`,${member},"status":{}`, 0), object(`,${member},"status":{}`, 5_000)].map(
        (text) => `{"type":"ADDED","object":${text}}`,
      )) {
        known.decode(line, 0, line.length, (event) => void events.push(event))
      }
      const [, short, long] = events
      expect(short).toMatchObject({ type: 'SKIPPED' })
      // To search a long object would cost more than reading its header: its second identity shows when it is parsed.
      expect(long).toMatchObject({ type: 'ADDED', entry: { key: 'x' } })
      expect(() => long && 'entry' in long && long.entry.object).toThrow(expect.toSatisfy(isParseError))
    },
  )

  it('a bare Status in place of events ends the watch with it', () => {
    const line = JSON.stringify({ kind: 'Status', status: 'Failure', message: 'not today', reason: 'Expired', code: 410 })
    expect(() => decode(line)).toThrow(expect.toSatisfy((error) => isWatchError(error) && error.status?.code === 410))
  })

  it.each([
    ['another one', '{"type":"RENAMED","object":{"metadata":{"name":"x"}}}', '"RENAMED"'],
    ['of another case', '{"type":"added","object":{"metadata":{"name":"x"}}}', '"added"'],
    ['a number', '{"type":1,"object":{"metadata":{"name":"x"}}}', 'undefined'],
    ['missing', '{"object":{"metadata":{"name":"x"}}}', 'undefined'],
  ])('watch events whose type is %s are a WatchError that names it', (_what, line, named) => {
    expect(() => decode(line)).toThrow(
      expect.toSatisfy((error) => isWatchError(error) && error.message === `unknown watch event type ${named}`),
    )
  })
})

describe('a bookmark', () => {
  it.each([
    ['without annotations', '{"metadata":{"resourceVersion":"7"}}', false],
    [
      'as the server writes it',
      '{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"7","creationTimestamp":null},"spec":{"containers":null},"status":{}}',
      false,
    ],
    ['with other annotations', '{"metadata":{"resourceVersion":"7","annotations":{"a":"true"}}}', false],
    ['whose annotation says false', `{"metadata":{"resourceVersion":"7","annotations":{"${INITIAL_EVENTS_END}":"false"}}}`, false],
    ['that ends the initial events', `{"metadata":{"resourceVersion":"7","annotations":{"${INITIAL_EVENTS_END}":"true"}}}`, true],
    ['whose version is a number', '{"metadata":{"resourceVersion":7}}', false],
    ['whose annotations are null', '{"metadata":{"resourceVersion":"7","annotations":null}}', false],
  ])('%s tells its version and whether the initial events end', (_what, object, initialEventsEnd) => {
    expect(decode(`{"type":"BOOKMARK","object":${object}}`)).toEqual([{ type: 'BOOKMARK', resourceVersion: '7', initialEventsEnd }])
  })
})

describe('a bookmark without a version', () => {
  const end = `"annotations":{"${INITIAL_EVENTS_END}":"true"}`

  it.each([
    ['with a time that is null', '{"metadata":{"creationTimestamp":null}}', false],
    ['whose version is empty', '{"metadata":{"resourceVersion":""}}', false],
    ['whose version is null', '{"metadata":{"resourceVersion":null}}', false],
    ['whose version is an object', '{"metadata":{"resourceVersion":{}}}', false],
    ['whose metadata is null', '{"metadata":null}', false],
    ['without metadata', '{}', false],
    ['that is null', 'null', false],
    ['that ends the initial events', `{"metadata":{${end}}}`, true],
    ['that ends the initial events, its version null', `{"metadata":{"resourceVersion":null,${end}}}`, true],
  ])('%s is no error, and tells whether the initial events end', (_what, object, initialEventsEnd) => {
    expect(decode(`{"type":"BOOKMARK","object":${object}}`)).toEqual([{ type: 'BOOKMARK', resourceVersion: '', initialEventsEnd }])
  })
})

describe('an ERROR event', () => {
  it('an ERROR event carries the Status', () => {
    const status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'too old resource version: 1 (2)',
      reason: 'Expired',
      code: 410,
    }
    expect(decode(JSON.stringify({ type: 'ERROR', object: status }))).toEqual([{ type: 'ERROR', status }])
  })

  it.each([
    ['its details', '"details":null', {}],
    ['its causes', '"details":{"causes":null}', { details: {} }],
    ['one of its causes', '"details":{"causes":[null,{"reason":"x"}]}', { details: { causes: [{}, { reason: 'x' }] } }],
    ['its message', '"message":null', {}],
    ['its reason', '"reason":null', {}],
    ['its wait', '"details":{"retryAfterSeconds":null}', { details: {} }],
  ])('an ERROR event carries the Status when %s is null', (_what, member, more) => {
    const status = { kind: 'Status', code: 410, ...more }
    expect(decode(`{"type":"ERROR","object":{"kind":"Status","code":410,${member}}}`)).toEqual([{ type: 'ERROR', status }])
  })

  it('an ERROR event converts a code and a delay that are strings to numbers', () => {
    expect(decode('{"type":"ERROR","object":{"kind":"Status","code":"429","details":{"retryAfterSeconds":"3"}}}')).toEqual([
      { type: 'ERROR', status: { kind: 'Status', code: 429, details: { retryAfterSeconds: 3 } } },
    ])
    expect(decode('{"type":"ERROR","object":{"kind":"Status","code":null,"reason":"Expired"}}')).toEqual([
      { type: 'ERROR', status: { kind: 'Status', reason: 'Expired' } },
    ])
  })

  it.each([
    ['another object', '{"a":1}'],
    ['null', 'null'],
    ['a string', '"no"'],
  ])('about %s quotes it in place of a Status', (_what, object) => {
    expect(decode(`{"type":"ERROR","object":${object}}`)).toEqual([{ type: 'ERROR', status: { message: object } }])
  })
})
