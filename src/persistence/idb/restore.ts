// Makes an IndexedDB persister again in another thread.

import type { Persister } from '../persister'
import type { IdbSettings } from '../portable'
import { idbPersister } from './idb-persister'
import { packedRows } from './packed-rows'

/** Makes a persister of the storage that the settings name. */
export function restorePersister({ pack, ...settings }: IdbSettings): Persister {
  return idbPersister({ ...settings, pack: pack ? { rows: packedRows } : undefined })
}
