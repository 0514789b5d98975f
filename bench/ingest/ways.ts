import type { Entry } from '../../src/meta/entry'
import { podFixture } from '../../src/testing/fixtures'
import { WatchDecoder } from '../../src/transport/decode'
import { LineSplitter } from '../../src/transport/lines'
import { ListCutter } from '../../src/transport/list-cutter'

/** A watch's body and a list's, with the same pods, in the chunks a network would deliver. */
export interface Input {
  readonly watch: readonly Uint8Array[]
  readonly list: readonly Uint8Array[]
}

const CHUNK = 64 * 1024

/** Makes pods of about 7 kB, as they are on real clusters. */
export function makeInput(pods: number): Input {
  const texts = Array.from({ length: pods }, (_, index) => JSON.stringify({ kind: 'Pod', apiVersion: 'v1', ...podFixture(index) }))
  return {
    watch: chunked(texts.map((text) => `{"type":"MODIFIED","object":${text}}\n`).join('')),
    list: chunked(`{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[${texts.join(',')}]}`),
  }
}

function chunked(text: string): Uint8Array[] {
  const bytes = new TextEncoder().encode(text)
  return Array.from({ length: Math.ceil(bytes.length / CHUNK) }, (_, index) => bytes.subarray(index * CHUNK, (index + 1) * CHUNK))
}

/** Each takes the input in and counts the pods. */
export const ways: Readonly<Record<string, (input: Input) => number>> = {
  'watch: split and JSON.parse': ({ watch }) => {
    const decoder = new TextDecoder()
    let rest = ''
    let count = 0
    for (const chunk of watch) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) if (JSON.parse(line).object.metadata.name) count++
    }
    return count
  },
  'watch: entries': ({ watch }) => readWatch(watch, () => true),
  'watch: entries, every object read': ({ watch }) => readWatch(watch, (entry) => entry.object !== undefined),
  'list: JSON.parse': ({ list }) => {
    const decoder = new TextDecoder()
    return JSON.parse(list.map((chunk) => decoder.decode(chunk, { stream: true })).join('')).items.length
  },
  'list: entries': ({ list }) => {
    const cutter = new ListCutter()
    let count = 0
    for (const chunk of list) cutter.push(chunk, () => count++)
    cutter.end()
    return count
  },
}

function readWatch(chunks: readonly Uint8Array[], read: (entry: Entry<unknown>) => boolean): number {
  const splitter = new LineSplitter()
  const decoder = new WatchDecoder()
  let count = 0
  for (const chunk of chunks) {
    splitter.push(chunk, (text, start, end) =>
      decoder.decode(text, start, end, (event) => {
        if (event.type === 'MODIFIED' && read(event.entry)) count++
      }),
    )
  }
  return count
}
