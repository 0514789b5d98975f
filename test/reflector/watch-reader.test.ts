import { describe, expect, it } from 'vitest'
import { entryFromText } from '../../src/codec/entry'
import type { WatchEntry } from '../../src/codec/wire'
import { WatchReader } from '../../src/reflector/watch-reader'

const event = (type: 'ADDED' | 'MODIFIED' | 'DELETED', name: string, resourceVersion: string): WatchEntry<unknown> => ({
  type,
  entry: entryFromText(`{"metadata":{"name":"${name}","resourceVersion":"${resourceVersion}"}}`),
})
const bookmark = (resourceVersion: string): WatchEntry<unknown> => ({ type: 'BOOKMARK', resourceVersion, initialEventsEnd: false })

const readerFrom = (resourceVersion: string, refusal: () => unknown = () => undefined) =>
  new WatchReader<unknown>({ attempt: 'watch', resourceVersion }, { refusal, hasBookmarks: false })

/** Reads a batch; returns its results as short texts. */
function read(reader: WatchReader<unknown>, batch: readonly WatchEntry<unknown>[]): string[] {
  return Array.from(reader.read(batch), (output) => {
    switch (output.type) {
      case 'changed':
        return `${output.changes.map(({ type, entry }) => `${type} ${entry.name}`).join(', ')} at ${output.resourceVersion}`
      case 'bookmark':
        return `bookmark at ${output.resourceVersion}`
      case 'failed':
        return `failed: ${output.failure.kind}`
      default:
        return output.type
    }
  })
}

describe('the reader of a watch', () => {
  it('puts the changes between two bookmarks into one step', () => {
    const reader = readerFrom('5')
    const batch = [event('ADDED', 'a', '6'), event('MODIFIED', 'a', '7'), bookmark('9'), event('DELETED', 'a', '10')]
    expect(read(reader, batch)).toEqual(['ADDED a, MODIFIED a at 7', 'bookmark at 9', 'DELETED a at 10'])
    expect(reader).toMatchObject({ resourceVersion: '10', events: 4, hasBookmarks: true })
  })

  it('keeps the version of a watch from "0" until the order of its events is known', () => {
    const reader = readerFrom('0')
    expect(read(reader, [event('ADDED', 'b', '8'), event('ADDED', 'a', '3')])).toEqual(['ADDED b, ADDED a at 0'])
    expect(read(reader, [event('MODIFIED', 'a', '9')])).toEqual(['MODIFIED a at 9'])
  })

  it('never goes back to an older version, and fails for an older bookmark', () => {
    const reader = readerFrom('5')
    expect(read(reader, [event('MODIFIED', 'a', '4')])).toEqual(['MODIFIED a at 5'])
    expect(read(reader, [bookmark('4')])).toEqual(['failed: too-large'])
  })

  it('reports a bookmark without a version, and goes on', () => {
    expect(read(readerFrom('5'), [bookmark(''), event('ADDED', 'a', '6')])).toEqual(['unversioned', 'ADDED a at 6'])
  })

  it('skips an object that is refused without advancing the version', () => {
    const reader = readerFrom('5', () => new Error('refused'))
    expect(read(reader, [event('ADDED', 'a', '6')])).toEqual(['skipped'])
    expect(reader.resourceVersion).toBe('5')
  })

  it('yields the changes before an ERROR event, then throws', () => {
    const outputs = readerFrom('5').read([event('ADDED', 'a', '6'), { type: 'ERROR', status: { code: 410, message: 'too old' } }])
    expect(outputs.next().value).toMatchObject({ type: 'changed', resourceVersion: '6' })
    expect(() => outputs.next()).toThrow('too old')
  })
})
