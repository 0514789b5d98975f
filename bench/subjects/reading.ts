// Reads a store as applications do, and waits for its idle work.

import { type Entry, fields, type KubeObject, type Store } from 'kubeflect'
import { isPackable } from '../../src/codec/entry'

const FRAME_MS = 16

/** The columns of a table of pods. */
const cells = fields({
  phase: 'status.phase',
  node: 'spec.nodeName',
  ip: 'status.podIP',
  started: 'status.startTime',
  app: 'metadata.labels.app',
})

const readers = {
  /** The whole object. */
  frame: (entry: Entry<KubeObject>): unknown => entry.object.metadata.name,
  /** Five fields. */
  fields: (entry: Entry<KubeObject>): unknown => Object.values(cells(entry)).every((value) => typeof value === 'string'),
}

/** Reads the changed objects once per frame, like a table that shows everything. */
export function readEachFrame(indexer: Store<KubeObject>, reading: keyof typeof readers): { stop(): Promise<void> } {
  const changed = new Set<string>()
  const unsubscribe = indexer.subscribe(({ changes }) => {
    for (const { entry } of changes) changed.add(entry.key)
  })
  const read = readers[reading]
  let found = 0
  let lacking = 0
  const frame = () => {
    for (const key of changed) {
      const entry = indexer.get(key)
      if (!entry) continue
      if (read(entry)) found++
      else lacking++
    }
    changed.clear()
  }
  const timer = setInterval(frame, FRAME_MS)
  return {
    async stop() {
      clearInterval(timer)
      unsubscribe()
      frame()
      if (found === 0 || lacking > 0) throw new Error(`the frames read ${found} objects, and ${lacking} had no value`)
    },
  }
}

const POLL_MS = 500
/** Longer than the age at which texts are packed. */
const AGE_MS = 3_000

/** Waits until no more texts are being packed. */
export async function packed(indexer: Store<KubeObject>): Promise<void> {
  const start = performance.now()
  const count = () => indexer.list().filter(isPackable).length
  for (let before = count(), left = -1; performance.now() - start < AGE_MS || left !== before; ) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    before = left
    left = count()
  }
}
