import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../src/api/object'
import type { Entry } from '../../src/codec/entry'
import { applyItem } from '../../src/queue/apply-item'
import { DeltaFIFO } from '../../src/queue/delta-fifo'
import { InOrderFIFO } from '../../src/queue/in-order-fifo'
import { Store } from '../../src/store/store'
import { entry } from '../store/entries'
import type { MakeQueue } from './contract'

// A store that is told everything at once, beside one that gets it through a queue, whenever its consumer takes something.

type Step =
  | {
      readonly type: 'apply'
      readonly changes: readonly { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly entry: Entry<KubeObject> }[]
    }
  | { readonly type: 'replace'; readonly entries: readonly Entry<KubeObject>[] }
  | { readonly type: 'bookmark' | 'resync' }
type Action = Step | { readonly type: 'pop'; readonly limit: number }

const thing = fc
  .record({ name: fc.constantFrom('a', 'b', 'c'), uid: fc.constantFrom('', '1', '2', '3'), rv: fc.constantFrom('', '1', '2', '3') })
  .map(({ name, ...options }) => entry(name, options))
const change = fc.record({ type: fc.constantFrom('ADDED' as const, 'MODIFIED' as const, 'DELETED' as const), entry: thing })
const pop: fc.Arbitrary<Action> = fc.record({ type: fc.constant('pop' as const), limit: fc.constantFrom(1, 1, 2, 1_000) })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('apply' as const), changes: fc.array(change, { maxLength: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('replace' as const), entries: fc.array(thing, { maxLength: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('bookmark' as const, 'resync' as const) }) },
)
const script = fc.array(fc.oneof({ weight: 3, arbitrary: step }, { weight: 2, arbitrary: pop }), { maxLength: 30 })

type Sink = Pick<Store<KubeObject>, 'apply' | 'replace' | 'bookmark' | 'resync'>

/** Makes a step in something that takes steps; the n-th step leads to version n. */
function make(it: Step, sink: Sink, version: number): void {
  if (it.type === 'apply') sink.apply(it.changes, String(version))
  else if (it.type === 'replace') sink.replace(it.entries, String(version))
  else if (it.type === 'bookmark') sink.bookmark(String(version))
  else sink.resync()
}

const stateOf = (store: Store<KubeObject>) =>
  store
    .list()
    .map(({ key, uid, resourceVersion }) => `${key} ${uid}@${resourceVersion}`)
    .sort()

/** @param hydrated with what the store begins; otherwise it begins with a replacement, as a reflector does. */
async function run(makeQueue: MakeQueue, hydrated: readonly Entry<KubeObject>[] | undefined, actions: readonly Action[]): Promise<void> {
  const [direct, store] = [new Store<KubeObject>(), new Store<KubeObject>()]
  const queue = makeQueue(store)
  if (hydrated) for (const it of [direct, store]) it.hydrate(hydrated, '0')
  const steps: Step[] = []
  const saved: { entries: readonly Entry<KubeObject>[]; version: string }[] = []
  const take = async (limit: number) => {
    await queue.popBatch((item) => applyItem(store, item), { limit })
    saved.push({ entries: store.list(), version: store.resourceVersion })
  }
  const first: Action[] = hydrated ? [] : [{ type: 'replace', entries: [] }]
  for (const action of [...first, ...actions]) {
    if (action.type === 'pop') {
      if (queue.length > 0) await take(action.limit)
      continue
    }
    steps.push(action)
    make(action, direct, steps.length)
    make(action, queue, steps.length)
  }
  while (queue.length > 0) await take(1)

  expect(stateOf(store)).toEqual(stateOf(direct))
  expect(store.resourceVersion).toBe(direct.resourceVersion)
  // Whatever was saved, going on from its version leads to the same state.
  for (const { entries, version } of saved) {
    if (version === '') continue
    const resumed = new Store<KubeObject>()
    resumed.hydrate(entries, version)
    for (let i = Number(version); i < steps.length; i++) make(steps[i] as Step, resumed, i + 1)
    expect(stateOf(resumed)).toEqual(stateOf(direct))
  }
}

describe.each<[string, MakeQueue]>([
  ['InOrderFIFO', (known) => new InOrderFIFO(known)],
  ['DeltaFIFO', (known) => new DeltaFIFO(known)],
  ['a coalescing DeltaFIFO', (known) => new DeltaFIFO(known, { coalesce: true })],
])('%s', (_, makeQueue) => {
  it('leads the store to the same state and version as without a queue, also when it resumes from any version on the way', async () => {
    await fc.assert(
      fc.asyncProperty(fc.option(fc.array(thing, { maxLength: 3 }), { nil: undefined }), script, (hydrated, actions) =>
        run(makeQueue, hydrated, actions),
      ),
      { numRuns: 500 },
    )
  })
})
