// Prepares the responses of a load server.
import { type Collection, collections, type LoadKind } from './collections'
import { objectText, type SplitText } from './objects'

/** The options of a load server. */
export interface LoadOptions {
  readonly kind: LoadKind
  readonly objects: number
  /** The number of MODIFIED events of a watch, one object after the other; default 0. */
  readonly events?: number
  /** Whether events are written one by one or in chunks of 64 kB; default `'64k'`, and one by one at a rate. */
  readonly chunk?: 'event' | '64k'
  /** Events per second; default 0: as fast as they are read. */
  readonly rate?: number
  /** One in this many objects contains text beyond ASCII; default 0: none. */
  readonly nonAsciiEvery?: number
}

/** The facts about a load that clients need. */
export interface LoadFacts {
  /** The version of the last event, or of the list without events. */
  readonly lastVersion: string
  /** The average size of an object as the server sends it, in bytes; and without managedFields. */
  readonly objectBytes: number
  readonly keptBytes: number
  /** The total size of all events, in bytes. */
  readonly eventBytes: number
}

/** The prepared responses of a load server, in HTTP's chunked encoding. */
export interface Load {
  readonly collection: Collection
  readonly list: readonly Buffer[]
  /** The response to `sendInitialEvents`, with the bookmark at its end. */
  readonly stream: readonly Buffer[]
  readonly events: readonly Buffer[]
  readonly facts: LoadFacts
  /** Returns the page of a list that starts with an object. Pages of 500 are prepared. */
  page(from: number, limit: number): readonly Buffer[]
  /** Returns the list of the object that a field selector names: `metadata.name=…`, with `metadata.namespace=…` for namespaced objects. */
  named(fieldSelector: string): readonly Buffer[]
}

const FIRST_VERSION = 1_000_000
const PAGE = 500
const CHUNK = 64 * 1024

/** Prepares all text of a load. */
export function makeLoad({ kind, objects, events = 0, rate = 0, chunk = rate ? 'event' : '64k', nonAsciiEvery = 0 }: LoadOptions): Load {
  const collection = collections[kind]
  const texts = Array.from({ length: objects }, (_, index) => objectText(kind, index, nonAsciiEvery > 0 && index % nonAsciiEvery === 0))
  const listVersion = FIRST_VERSION + objects
  const typeMeta = `"kind":"${collection.kind}","apiVersion":"${collection.apiVersion}"`
  const item = ({ head, tail }: SplitText, version: number) => `${head}${version}${tail}`
  const event = (type: string, text: SplitText, version: number) =>
    `{"type":"${type}","object":{${typeMeta},${item(text, version).slice(1)}}\n`

  function* list(from: number, to: number, rest = objects - to): Generator<string> {
    const token = rest > 0 ? `,"continue":"${to}","remainingItemCount":${rest}` : ''
    const kindOfList = typeMeta.replace(collection.kind, `${collection.kind}List`)
    yield `{${kindOfList},"metadata":{"resourceVersion":"${listVersion}"${token}},"items":[`
    for (let index = from; index < to; index++) yield `${index > from ? ',' : ''}${item(at(texts, index), FIRST_VERSION + index)}`
    yield ']}\n'
  }
  function* stream(): Generator<string> {
    for (let index = 0; index < objects; index++) yield event('ADDED', at(texts, index), FIRST_VERSION + index)
    const annotations = '"annotations":{"k8s.io/initial-events-end":"true"}'
    yield `{"type":"BOOKMARK","object":{${typeMeta},"metadata":{"resourceVersion":"${listVersion}",${annotations}}}}\n`
  }
  let eventBytes = 0
  function* changes(): Generator<string> {
    for (let n = 0; n < events; n++) {
      const text = event('MODIFIED', at(texts, n % objects), listVersion + 1 + n)
      eventBytes += Buffer.byteLength(text)
      yield text
    }
  }

  const pages = Array.from({ length: Math.ceil(objects / PAGE) }, (_, n) =>
    framed(list(n * PAGE, Math.min(objects, (n + 1) * PAGE)), CHUNK),
  )
  const eventFrames = framed(changes(), chunk === 'event' ? 0 : CHUNK)
  return {
    collection,
    list: framed(list(0, objects), CHUNK),
    stream: framed(stream(), CHUNK),
    events: eventFrames,
    facts: {
      lastVersion: String(listVersion + events),
      objectBytes: mean(texts, ({ head, tail }) => Buffer.byteLength(head) + Buffer.byteLength(tail)),
      keptBytes: mean(texts, (text) => {
        const object = JSON.parse(item(text, FIRST_VERSION))
        delete object.metadata.managedFields
        return Buffer.byteLength(JSON.stringify(object))
      }),
      eventBytes,
    },
    page: (from, limit) => (limit === PAGE ? at(pages, from / PAGE) : framed(list(from, Math.min(objects, from + limit)), CHUNK)),
    named(fieldSelector) {
      const fields = fieldSelector.split(',').map((field) => field.replace(/^metadata\.(\w+)=(.*)$/, '"$1":"$2"'))
      const index = texts.findIndex(({ head }) => fields.every((field) => head.includes(field)))
      return framed(index < 0 ? list(0, 0, 0) : list(index, index + 1, 0), CHUNK)
    },
  }
}

/** Frames texts in HTTP's chunked encoding, in chunks of `size` bytes; 0 makes one chunk of each text. */
export function framed(texts: Iterable<string>, size = 0): Buffer[] {
  const frames: Buffer[] = []
  const frame = (bytes: Buffer) =>
    void frames.push(Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]))
  let waiting: Buffer[] = []
  let length = 0
  for (const text of texts) {
    const bytes = Buffer.from(text)
    if (size === 0) {
      frame(bytes)
      continue
    }
    waiting.push(bytes)
    length += bytes.length
    if (length < size) continue
    let rest = Buffer.concat(waiting)
    for (; rest.length >= size; rest = rest.subarray(size)) frame(rest.subarray(0, size))
    waiting = [rest]
    length = rest.length
  }
  if (length > 0) frame(Buffer.concat(waiting))
  return frames
}

// A sample is enough, because the objects are alike.
const mean = <T>(values: readonly T[], of: (value: T) => number) => {
  const sample = values.slice(0, 1000)
  return Math.round(sample.reduce((total, value) => total + of(value), 0) / sample.length)
}

function at<T>(values: readonly T[], index: number): T {
  const value = values[index]
  if (value === undefined) throw new RangeError(`index ${index} of ${values.length} does not exist: pages start at multiples of ${PAGE}`)
  return value
}
