// Runs a suite with packing off and with everything packed at once.

import { isPackable, packEntry } from '../../src/codec/entry'
import { Packer, type PackerOptions } from '../../src/codec/packer'
import type { PackableStore } from '../../src/informer/packing/pack-queue'
import type { Packing } from '../../src/informer/packing/packing'
import { packedRows } from '../../src/persistence/idb/packed-rows'

/** Whether a suite packs: nothing, or every text of any length as soon as it is stored. */
export type PackingMode = 'off' | 'forced'

const modes = ['off', 'forced'] as const

/** The modes in which a suite runs: both, unless the variable KUBEFLECT_PACKING names one. */
export const packingModes: readonly PackingMode[] = modesOf(globalThis.process?.env.KUBEFLECT_PACKING)

function modesOf(chosen: string | undefined): readonly PackingMode[] {
  const found = chosen ? modes.filter((mode) => mode === chosen) : modes
  if (found.length === 0) throw new TypeError(`KUBEFLECT_PACKING must be one of ${modes.join(', ')}, got ${chosen}`)
  return found
}

/** The option `pack` of an informer or `idbPersister` in a mode. */
export function packingOf(mode: PackingMode): Packing | undefined {
  return mode === 'off' ? undefined : { rows: () => packedRows(everything), start: packAtOnce }
}

/** Both thresholds are off: a packed text may even be longer. */
const everything: PackerOptions = { minText: 0, worth: Number.POSITIVE_INFINITY }

/** Packs each entry in the step that stores it. Returns the function that ends it. */
export function packAtOnce<T>(store: PackableStore<T>): () => void {
  const packer = new Packer(undefined, everything)
  return store.subscribe(({ changes }) => {
    for (const { type, entry } of changes) {
      if (type === 'deleted' || !isPackable(entry)) continue
      const [packed] = packer.pack([entry])
      if (packed) packEntry(entry, packed.packed, packed.template.unpack)
    }
  })
}
