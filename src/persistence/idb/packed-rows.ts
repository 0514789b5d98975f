// Packs the texts of log records against each other.

import { type Entry, entryFromPacked } from '../../codec/entry'
import { Packer, type PackerOptions } from '../../codec/packer'
import { LoadedTemplates, Template } from '../../codec/template'
import type { Unpack } from '../../codec/unpack'
import type { StoredRecord } from '../persister'
import { plainRow, type RowCodec, type RowSelection, type Rows, rowsOf } from './rows'

/** The number of texts that are packed together. */
const BATCH = 8
const PLAIN = -1

/**
 * Makes a codec that packs texts. A record is self-contained: the template of a row is an earlier row of the same record, and a template's
 * own template is plain. A row that is only needed as a template has the empty string as its key.
 */
export function packedRows(options?: PackerOptions): RowCodec {
  const loaded = new LoadedTemplates()
  const encode = (records: readonly StoredRecord[]): Rows => packed(records, new Packer(loaded, options))
  return {
    format: 3,
    shrink: 1 / 8,
    encode,
    areTemplates: (value, rows) => value === undefined || areTemplates(value, rows),
    reader: (rows) => readerOf(rows, loaded),
    combine: (selections) => combined(selections, encode),
  }
}

function packed(records: readonly StoredRecord[], packer: Packer): Rows {
  const texts: string[] = []
  const templates: number[] = []
  /** The rows that can be templates, by their own template and text. */
  const found = new Map<number, Map<string, number>>()
  const rowOf = ({ parent, packed: text }: Template): number => found.get(parent ? rowOf(parent) : PLAIN)?.get(text) ?? PLAIN
  for (let at = 0; at < records.length; at += BATCH) {
    const batch = records.slice(at, at + BATCH).map(({ key, text }) => ({ text, namespace: key.slice(0, Math.max(0, key.indexOf('/'))) }))
    packer.pack(batch).forEach((one, n) => {
      const template = one ? rowOf(one.template) : PLAIN
      const text = one?.packed ?? batch[n]?.text ?? ''
      const siblings = found.get(template) ?? new Map<string, number>()
      found.set(template, siblings)
      if (!siblings.has(text)) siblings.set(text, texts.length)
      texts.push(text)
      templates.push(template)
    })
  }
  return { ...rowsOf(records), texts, templates }
}

function readerOf(rows: Rows, loaded: LoadedTemplates): (row: number) => StoredRecord {
  const made = new Map<number, Template>()
  const templateOf = (row: number): Template => {
    const own = rows.templates?.[row] ?? PLAIN
    const template = made.get(row) ?? new Template(rows.texts[row] ?? '', own === PLAIN ? undefined : templateOf(own), loaded)
    made.set(row, template)
    return template
  }
  return (row) => {
    const own = rows.templates?.[row] ?? PLAIN
    if (own === PLAIN) return plainRow(rows, row)
    const { key, text, uid = '', resourceVersion } = plainRow(rows, row)
    const { unpack } = templateOf(own)
    if (!resourceVersion) return { key, text: unpackedOrEmpty(text, unpack) }
    // Stays packed until it is read.
    return entryFromPacked(key, uid, resourceVersion, text, unpack) satisfies Entry<unknown>
  }
}

/** Copies packed rows together with their templates, and packs plain rows. */
function combined(selections: readonly RowSelection[], encode: (records: readonly StoredRecord[]) => Rows): Rows {
  const keys: string[] = []
  const texts: string[] = []
  const uids: string[] = []
  const versions: string[] = []
  const templates: number[] = []
  const plain: StoredRecord[] = []
  const copy = (rows: Rows, needed: ReadonlyMap<number, boolean>): void => {
    const places = new Map<number, number>()
    for (const [row, isObject] of [...needed].sort(([a], [b]) => a - b)) {
      places.set(row, texts.length)
      const own = rows.templates?.[row] ?? PLAIN
      keys.push(isObject ? (rows.keys[row] ?? '') : '')
      texts.push(rows.texts[row] ?? '')
      uids.push(rows.uids?.[row] ?? '')
      versions.push(rows.versions?.[row] ?? '')
      templates.push(own === PLAIN ? PLAIN : (places.get(own) ?? PLAIN))
    }
  }
  for (const { rows, selected } of selections) {
    if (!rows.templates) {
      for (const row of selected) plain.push(plainRow(rows, row))
      continue
    }
    const needed = new Map<number, boolean>()
    for (const row of selected) needed.set(row, true)
    for (const row of selected)
      for (let own = rows.templates[row] ?? PLAIN; own !== PLAIN; own = rows.templates[own] ?? PLAIN)
        if (!needed.has(own)) needed.set(own, false)
    copy(rows, needed)
  }
  const packedRows = encode(plain)
  copy(packedRows, new Map(plain.map((_, row) => [row, true])))
  return { keys, texts, uids, versions, templates }
}

/** Restores a text at once. A damaged one becomes the empty string, so that the snapshot is not used. */
function unpackedOrEmpty(text: string, unpack: Unpack): string {
  try {
    return unpack(text)
  } catch {
    return ''
  }
}

/** Whether each row is plain, or packed against an earlier row that is plain or whose own template is. */
function areTemplates(value: unknown, rows: number): boolean {
  if (!Array.isArray(value) || value.length !== rows) return false
  const depth: number[] = []
  return value.every((template, row) => {
    if (typeof template !== 'number') return false
    depth.push(template === PLAIN ? 0 : (depth[template] ?? 2) + 1)
    return (depth[row] ?? 0) <= 2
  })
}
