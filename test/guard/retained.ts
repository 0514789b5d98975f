// Run by heap.test.ts in a process of its own, with --expose-gc: says how much an informer's objects take when nobody has read them, as a
// part of their text.
import { createInformer } from 'kubeflect'
import { Pod } from 'kubeflect/resources/core/v1'
import { Feed } from './feed'

const PODS = 4_000

const live = (): number => {
  for (let times = 0; times < 3; times++) globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** The entries of an informer that has synced. They lead to its feed, so that has to be there before. */
async function fill(feed: Feed): Promise<readonly { readonly text: string }[]> {
  const pods = createInformer(feed.client, Pod)
  await pods.whenSynced()
  await pods.close()
  return pods.indexer.list()
}

// What the library itself takes is there after the first time.
await fill(new Feed(100))
const feed = new Feed(PODS)
const before = live()
const entries = await fill(feed)
const after = live()
const text = entries.reduce((sum, entry) => sum + entry.text.length, 0)
console.log(JSON.stringify({ objects: entries.length, retainedPerCharacter: (after - before) / text }))
