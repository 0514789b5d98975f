// Encodes entries as rows of cells whose texts are packed.

import type { Entry } from '../../codec/entry'
import { type Packed, Packer } from '../../codec/packer'
import { LoadedTemplates, type Template } from '../../codec/template'
import { entryCells, eventCells, TEMPLATE_EVENT, templateCells } from '../protocol'
import type { RowEncoder } from './row-encoder'

/** The number of texts that are packed together. */
const BATCH = 8
/** The most collections whose templates are remembered. */
const MAX_PACKERS = 64

/**
 * Packs the results of a Worker's requests. The templates of a collection outlive a request, so that a watch continues with those of its
 * list. Each request sends a template before the first row that needs it.
 */
export class Parcels {
  readonly #loaded = new LoadedTemplates()
  readonly #packers = new Map<string, Packer>()
  readonly #numbers = new WeakMap<Template, number>()
  #last = 0

  /** @param collection identifies the collection that a request reads. */
  encoder(collection: string): RowEncoder {
    const packer = this.#packers.get(collection) ?? new Packer(this.#loaded)
    this.#packers.delete(collection)
    this.#packers.set(collection, packer)
    const [oldest] = this.#packers.keys()
    if (this.#packers.size > MAX_PACKERS && oldest !== undefined) this.#packers.delete(oldest)
    const sent = new WeakSet<Template>()
    const templates = (template: Template): string[][] => {
      if (sent.has(template)) return []
      sent.add(template)
      const { parent, packed } = template
      const before = parent ? templates(parent) : []
      return [...before, templateCells(this.#numberOf(template), parent ? this.#numberOf(parent) : '', packed)]
    }
    return {
      entries: (entries) =>
        inBatches(packer, entries).flatMap(([entry, packed]) => [
          ...(packed ? templates(packed.template).flat() : []),
          ...entryCells(entry, packed && { text: packed.packed, template: this.#numberOf(packed.template) }),
        ]),
      events: (events) => {
        // A deleted object is not kept.
        const kept = events.flatMap((event) => (event.type === 'ADDED' || event.type === 'MODIFIED' ? [event.entry] : []))
        const packed = new Map(inBatches(packer, kept))
        return events.flatMap((event) => {
          const own = 'entry' in event ? packed.get(event.entry) : undefined
          if (!own) return eventCells(event)
          return [
            ...templates(own.template).flatMap((cells) => [TEMPLATE_EVENT, ...cells]),
            ...eventCells(event, { text: own.packed, template: this.#numberOf(own.template) }),
          ]
        })
      },
    }
  }

  #numberOf(template: Template): string {
    const number = this.#numbers.get(template) ?? ++this.#last
    this.#numbers.set(template, number)
    return String(number)
  }
}

function inBatches(packer: Packer, entries: readonly Entry<unknown>[]): [Entry<unknown>, Packed | undefined][] {
  const rows: [Entry<unknown>, Packed | undefined][] = []
  for (let at = 0; at < entries.length; at += BATCH) {
    const batch = entries.slice(at, at + BATCH)
    const packed = packer.pack(batch)
    batch.forEach((entry, n) => {
      rows.push([entry, packed[n]])
    })
  }
  return rows
}
