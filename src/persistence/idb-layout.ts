import { requested } from './idb-connection'
import type { Commit, StoredRecord } from './persister'

// How a snapshot lies in an object store. Keys are `[scope's id, part, number]`:
// one head, segments of about 1 MiB of texts, and a journal of what was applied since.
// Segments hold arrays of strings because that was measured to be fastest both ways: see bench/persistence.

/** Counts the changes of this layout. A snapshot of another format is removed. */
const FORMAT = 1
const HEAD = 0
const SEGMENT = 1
const JOURNAL = 2
/** In characters, keys not counted. */
const SEGMENT_SIZE = 1 << 20
/** Records of a journal are small and many: read so many with one request. */
const JOURNAL_BATCH = 64

/** The first record of a scope. */
export interface Head {
  readonly format: typeof FORMAT
  /** Who may commit. */
  readonly writer: string
  /** The version of the segments; undefined while nothing was stored but the writer. */
  readonly resourceVersion: string | undefined
  /** How many segments there are. */
  readonly segments: number
}

interface Segment {
  readonly keys: readonly string[]
  /** The text of each key. */
  readonly texts: readonly string[]
}

interface JournalRecord extends Segment {
  /** Come before the texts. */
  readonly deletes: readonly string[]
  readonly resourceVersion: string
}

/** A snapshot as it was read, and what it takes to go on from it. */
export interface Stored {
  readonly resourceVersion: string
  readonly texts: ReadonlyMap<string, string>
  /** In characters. */
  readonly segmentsSize: number
  /** How many records the journal has. */
  readonly journalLength: number
  /** In characters. */
  readonly journalSize: number
  /** Whether the journal's last record only moved the version. */
  readonly endsInBookmark: boolean
}

/** Where the head of a scope lies. */
export const headKey = (id: string): IDBValidKey => [id, HEAD, 0]
/** Where a journal's record lies. */
export const journalKey = (id: string, number: number): IDBValidKey => [id, JOURNAL, number]
/** Everything of a scope. An array sorts after every number and string. */
export const scopeRange = (id: string): IDBKeyRange => IDBKeyRange.bound([id], [id, []])

const segmentKey = (id: string, number: number): IDBValidKey => [id, SEGMENT, number]
const partRange = (id: string, part: number): IDBKeyRange => IDBKeyRange.bound([id, part], [id, part, []])

/** A head without a snapshot: says only who may commit one. */
export function claimOf(writer: string): Head {
  return { format: FORMAT, writer, resourceVersion: undefined, segments: 0 }
}

/** Whether a record is a head this version of the layout knows. */
export function isHead(value: unknown): value is Head {
  return (
    isRecord(value) &&
    value.format === FORMAT &&
    typeof value.writer === 'string' &&
    typeof value.segments === 'number' &&
    isOptionalString(value.resourceVersion)
  )
}

/** The records of a journal that an `apply` makes: one, unless it is large. */
export function journalRecords({ puts, deletes, resourceVersion }: Commit & { type: 'apply' }): readonly JournalRecord[] {
  const segments = [...segmentsOf(puts)]
  if (segments.length === 0) segments.push({ keys: [], texts: [] })
  return segments.map((segment, at) => ({ ...segment, deletes: at === 0 ? deletes : [], resourceVersion }))
}

/** The size of a record of a journal, in characters. */
export function journalRecordSize({ keys, texts, deletes }: JournalRecord): number {
  return textSize(keys) + textSize(texts) + textSize(deletes)
}

/** Writes a snapshot in the place of whatever the scope had, and gives its size in characters. */
export async function writeSnapshot(
  store: IDBObjectStore,
  id: string,
  writer: string,
  puts: Iterable<StoredRecord>,
  resourceVersion: string,
): Promise<number> {
  await requested(store.delete(scopeRange(id)))
  let segments = 0
  let size = 0
  // One at a time: the page can do something else while a segment is on its way.
  for (const segment of segmentsOf(puts)) {
    size += segmentSize(segment)
    await requested(store.put(segment, segmentKey(id, segments++)))
  }
  await requested(store.put({ format: FORMAT, writer, resourceVersion, segments } satisfies Head, headKey(id)))
  return size
}

/** Reads the snapshot that belongs to a head; undefined when there is none, or when it is damaged. */
export async function readSnapshot(store: IDBObjectStore, id: string, head: Head): Promise<Stored | undefined> {
  if (head.resourceVersion === undefined) return undefined
  const texts = new Map<string, string>()
  let segmentsSize = 0
  if ((await requested(store.count(partRange(id, SEGMENT)))) !== head.segments) return undefined
  // All asked for at once, so that the storage is never idle; each is taken in a task of its own.
  const segments = Array.from({ length: head.segments }, (_, number) => requested<unknown>(store.get(segmentKey(id, number))))
  for (const segment of await Promise.all(segments)) {
    if (!isSegment(segment)) return undefined
    segmentsSize += segmentSize(segment)
    putAll(texts, segment)
  }
  const journalLength = await requested(store.count(partRange(id, JOURNAL)))
  const batches = Array.from({ length: Math.ceil(journalLength / JOURNAL_BATCH) }, (_, number) =>
    requested<unknown[]>(
      store.getAll(
        IDBKeyRange.bound(
          journalKey(id, number * JOURNAL_BATCH),
          journalKey(id, Math.min((number + 1) * JOURNAL_BATCH, journalLength) - 1),
        ),
      ),
    ),
  )
  const journal = (await Promise.all(batches)).flat()
  // Fewer than were counted: their numbers have a gap.
  if (journal.length !== journalLength) return undefined
  let { resourceVersion } = head
  let journalSize = 0
  let endsInBookmark = false
  for (const record of journal) {
    if (!isJournalRecord(record)) return undefined
    for (const key of record.deletes) texts.delete(key)
    putAll(texts, record)
    resourceVersion = record.resourceVersion
    journalSize += journalRecordSize(record)
    endsInBookmark = record.keys.length === 0 && record.deletes.length === 0
  }
  return { resourceVersion, texts, segmentsSize, journalLength, journalSize, endsInBookmark }
}

/** What a map of texts would take as segments, in characters. */
export function snapshotSize(texts: ReadonlyMap<string, string>): number {
  let size = 0
  for (const [key, text] of texts) size += key.length + text.length
  return size
}

/** A map of texts as records. */
export function* recordsOf(texts: ReadonlyMap<string, string>): Generator<StoredRecord> {
  for (const [key, text] of texts) yield { key, text }
}

function* segmentsOf(records: Iterable<StoredRecord>): Generator<Segment> {
  let keys: string[] = []
  let texts: string[] = []
  let size = 0
  for (const { key, text } of records) {
    keys.push(key)
    texts.push(text)
    size += text.length
    if (size < SEGMENT_SIZE) continue
    yield { keys, texts }
    keys = []
    texts = []
    size = 0
  }
  if (keys.length > 0) yield { keys, texts }
}

function putAll(texts: Map<string, string>, segment: Segment): void {
  for (const [at, key] of segment.keys.entries()) texts.set(key, segment.texts[at] ?? '')
}

function segmentSize({ keys, texts }: Segment): number {
  return textSize(keys) + textSize(texts)
}

function textSize(texts: readonly string[]): number {
  return texts.reduce((size, text) => size + text.length, 0)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function isOptionalString(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string'
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function isSegment(value: unknown): value is Segment {
  return isRecord(value) && isStrings(value.keys) && isStrings(value.texts) && value.keys.length === value.texts.length
}

function isJournalRecord(value: unknown): value is JournalRecord {
  return (
    isSegment(value) &&
    isStrings((value as Partial<JournalRecord>).deletes) &&
    typeof (value as Partial<JournalRecord>).resourceVersion === 'string'
  )
}
