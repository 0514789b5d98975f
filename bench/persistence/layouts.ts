// Measures layouts of objects in IndexedDB. Runs in a page.

import { type Measured, podText, timed } from './measure'

/** A layout: how texts are written and read. */
interface Layout {
  readonly name: string
  write(store: IDBObjectStore, texts: readonly string[]): void | Promise<void>
  read(store: IDBObjectStore): Promise<readonly string[]>
}

const requested = <R>(request: IDBRequest<R>): Promise<R> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

const completed = (transaction: IDBTransaction): Promise<void> =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error)
  })

const rows: Layout = {
  name: 'row per object, text',
  write: (store, texts) => texts.forEach((text, n) => void store.put(text, n)),
  read: (store) => requested(store.getAll()),
}

/** Splits the texts into segments of about `size` characters. */
function cut(texts: readonly string[], size: number): string[][] {
  let segment: string[] = []
  const segments = [segment]
  let length = 0
  for (const text of texts) {
    if (length >= size) {
      segment = []
      segments.push(segment)
      length = 0
    }
    segment.push(text)
    length += text.length
  }
  return segments
}

const MiB = 1 << 20

function segmented(
  name: string,
  size: number,
  pack: (texts: string[]) => unknown,
  unpack: (value: never) => readonly string[],
  wait = true,
): Layout {
  return {
    name: `${name}, ${size / MiB} MiB${wait ? '' : ', puts not awaited'}`,
    async write(store, texts) {
      let n = 0
      for (const segment of cut(texts, size)) {
        const put = requested(store.put(pack(segment), n++))
        if (wait) await put
      }
    },
    async read(store) {
      const count = await requested(store.count())
      const segments = await Promise.all(Array.from({ length: count }, async (_, n) => unpack((await requested(store.get(n))) as never)))
      return segments.flat()
    },
  }
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const strings = (size: number, wait = true) =>
  segmented(
    'array of strings',
    size,
    (texts) => ({ texts }),
    ({ texts }: { texts: string[] }) => texts,
    wait,
  )
const joined = (size: number) =>
  segmented(
    'joined string',
    size,
    (texts) => ({ lengths: texts.map((text) => text.length), text: texts.join('') }),
    ({ lengths, text }: { lengths: number[]; text: string }) => slices(text, lengths),
  )
const bytes = (size: number) =>
  segmented(
    'UTF-8 bytes',
    size,
    (texts) => ({ lengths: texts.map((text) => text.length), bytes: encoder.encode(texts.join('')) }),
    ({ lengths, bytes }: { lengths: number[]; bytes: Uint8Array }) => slices(decoder.decode(bytes), lengths),
  )

function slices(text: string, lengths: readonly number[]): string[] {
  let end = 0
  return lengths.map((length) => {
    end += length
    return text.slice(end - length, end)
  })
}

const smallJournal: Layout = {
  name: 'a journal: one record per 2 objects, read in batches of 64',
  write(store, texts) {
    for (let n = 0; n < texts.length; n += 2) store.put({ texts: texts.slice(n, n + 2) }, n / 2)
  },
  async read(store) {
    const count = await requested(store.count())
    const batches = Array.from({ length: Math.ceil(count / 64) }, (_, n) => requested(store.getAll(IDBKeyRange.bound(n * 64, n * 64 + 63))))
    return (await Promise.all(batches)).flat().flatMap(({ texts }: { texts: string[] }) => texts)
  },
}

const layouts: readonly Layout[] = [
  rows,
  strings(MiB / 4),
  strings(MiB),
  strings(MiB, false),
  strings(4 * MiB),
  joined(MiB),
  bytes(MiB / 4),
  bytes(MiB),
  smallJournal,
]

async function open(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name)
  request.onupgradeneeded = () => request.result.createObjectStore('s')
  return requested(request)
}

/** Runs every layout once, each in its own database. Each round starts with another layout. */
export async function round(count: number, nonAscii: boolean, number: number): Promise<Measured[]> {
  const texts = Array.from({ length: count }, (_, index) => podText(index, nonAscii))
  const measured: Measured[] = []
  for (const layout of [...layouts.slice(number % layouts.length), ...layouts.slice(0, number % layouts.length)]) {
    const name = `bench-${layout.name}`
    let database = await open(name)
    const write = await timed(async () => {
      const transaction = database.transaction('s', 'readwrite')
      const done = completed(transaction)
      await layout.write(transaction.objectStore('s'), texts)
      await done
    })
    database.close()
    database = await open(name)
    const read = await timed(() => layout.read(database.transaction('s', 'readonly').objectStore('s')))
    if (read.result.length !== count || read.result[count - 1] !== texts[count - 1]) throw new Error(`${layout.name} lost something`)
    database.close()
    await requested(indexedDB.deleteDatabase(name))
    measured.push({
      name: layout.name,
      metrics: { writeMs: write.ms, writePauseMs: write.pauseMs, readMs: read.ms, readPauseMs: read.pauseMs },
    })
  }
  return measured
}
