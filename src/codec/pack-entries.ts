// Packs the texts of entries in place.

import { report } from '../internal/report'
import { type Entry, packEntry } from './entry'
import type { Packer } from './packer'

/** The number of texts that are packed together. */
export const PACK_BATCH = 8

/** Packs the texts of entries, in their order. What cannot be packed stays as it is, and the error is reported. */
export function packEntries(packer: Packer, entries: readonly Entry<unknown>[]): void {
  for (let at = 0; at < entries.length; at += PACK_BATCH) {
    const batch = entries.slice(at, at + PACK_BATCH)
    try {
      const packed = packer.pack(batch)
      for (const [n, entry] of batch.entries()) {
        const one = packed[n]
        if (one) packEntry(entry, one.packed, one.template.unpack)
      }
    } catch (error) {
      report(error)
    }
  }
}
