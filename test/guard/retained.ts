// Measures the heap that an informer's unread objects take, relative to their text. heap.test.ts runs this in a separate process with
// --expose-gc.
import { createInformer } from 'kubeflect'
import { Pod } from 'kubeflect/resources/core/v1'
import { Feed } from './feed'

const PODS = 4_000

const live = (): number => {
  for (let times = 0; times < 3; times++) globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Returns the entries of a synced informer. They retain its feed, so the feed must exist before the first measurement. */
async function fill(feed: Feed): Promise<readonly { readonly text: string }[]> {
  const pods = createInformer(feed.client, Pod)
  await pods.whenSynced()
  await pods.close()
  return pods.indexer.list()
}

// The first run allocates the memory of the library itself.
await fill(new Feed(100))
const feed = new Feed(PODS)
const before = live()
const entries = await fill(feed)
const after = live()
const text = entries.reduce((sum, entry) => sum + entry.text.length, 0)
console.log(JSON.stringify({ objects: entries.length, retainedPerCharacter: (after - before) / text }))
