// Encodes entries as rows of cells with plain texts.

import type { Entry } from '../../codec/entry'
import type { WatchEntry } from '../../codec/wire'
import { entryCells, eventCells } from '../protocol'

/** Encodes the results of one request. */
export interface RowEncoder {
  entries(entries: readonly Entry<unknown>[]): string[]
  events(events: readonly WatchEntry<unknown>[]): string[]
}

/** Encodes texts as they are. */
export const plainRows: RowEncoder = {
  entries: (entries) => entries.flatMap((entry) => entryCells(entry)),
  events: (events) => events.flatMap((event) => eventCells(event)),
}
