import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isParseError, isWatchError } from '../../src/errors'
import type { EntryOptions } from '../../src/meta/entry'
import type { KubeObject } from '../../src/meta/object'
import { INITIAL_EVENTS_END, type WatchEntry } from '../../src/meta/wire'
import { WatchDecoder } from '../../src/transport/decode'
import { LineSplitter } from '../../src/transport/lines'
import { type Json, withoutManagedFields, write, written } from '../meta/json'
import { byteByByte, cutAt, cuts, utf8 } from './chunks'

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
  it('are the same however their bytes are cut, whatever the order of their keys and their white space, one or more on a line', () => {
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

  it('come through when each byte comes alone', () => {
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
  ])('are read with %s', (_what, line) => {
    expect(decode(line).map(summary)).toEqual([{ type: 'ADDED', key: 'x', text: '{"metadata":{"name":"x"}}' }])
  })

  it('several on a line come one by one, those before a broken one too', () => {
    const events: Event[] = []
    const line =
      '{"type":"ADDED","object":{"metadata":{"name":"a"}}} {"type":"DELETED","object":{"metadata":{"name":"b"}}}{"type":"ADDED","object":{}}'
    expect(() => new WatchDecoder<KubeObject>().decode(line, 0, line.length, (event) => void events.push(event))).toThrow('metadata.name')
    expect(events.map((event) => event.type)).toEqual(['ADDED', 'DELETED'])
  })

  it('are the same whether the decoder has come to know its server or not', () => {
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

  it('keep managedFields when asked, and are given the kind they lack', () => {
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
    ['without an object', '{"type":"ADDED"}'],
    ['about null', '{"type":"ADDED","object":null}'],
    ['about an array', '{"type":"MODIFIED","object":[]}'],
    ['about nothing with a name', '{"type":"DELETED","object":{"metadata":{}}}'],
    ['a bookmark without a version', '{"type":"BOOKMARK","object":{"metadata":{}}}'],
    ['a bookmark whose version is a number', '{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":7}}}'],
    ['a bookmark that does not parse', '{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":tru}}}'],
    ['an error that does not parse', '{"type":"ERROR","object":{x}}'],
  ])('that are %s are a ParseError', (_what, line) => {
    expect(() => decode(line)).toThrow(expect.toSatisfy(isParseError))
  })

  it.each([
    ['another one', '{"type":"RENAMED","object":{"metadata":{"name":"x"}}}', '"RENAMED"'],
    ['of another case', '{"type":"added","object":{"metadata":{"name":"x"}}}', '"added"'],
    ['a number', '{"type":1,"object":{"metadata":{"name":"x"}}}', 'undefined'],
    ['missing', '{"object":{"metadata":{"name":"x"}}}', 'undefined'],
  ])('whose type is %s are a WatchError that names it', (_what, line, named) => {
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
  ])('%s tells its version and whether the initial events end', (_what, object, initialEventsEnd) => {
    expect(decode(`{"type":"BOOKMARK","object":${object}}`)).toEqual([{ type: 'BOOKMARK', resourceVersion: '7', initialEventsEnd }])
  })
})

describe('an ERROR event', () => {
  it('carries the Status', () => {
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
    ['another object', '{"a":1}'],
    ['null', 'null'],
    ['a string', '"no"'],
  ])('about %s quotes it in place of a Status', (_what, object) => {
    expect(decode(`{"type":"ERROR","object":${object}}`)).toEqual([{ type: 'ERROR', status: { message: object } }])
  })
})
