import { beforeAll, describe, type ExpectStatic, expect, test } from 'vitest'
import { buildProgram, whyNoProgram } from '../cluster/build.ts'
import { packingModes } from '../support/packing.ts'
import { Arena, type Path } from './arena.ts'
import { byKey, callText, differenceNames, storeText, translate } from './calls.ts'
import { historyOf, relists, SLOW } from './history.ts'
import { referenceProgram, startReference } from './reference.ts'
import { startSubject, type Watcher } from './subject.ts'

// KUBEFLECT_DIFFERENTIAL_SEEDS=6,7,8 looks at other histories.
const { KUBEFLECT_DIFFERENTIAL_SEEDS: chosen } = process.env
const seeds = chosen ? chosen.split(',').map(Number) : [1, 2, 3, 4, 5]
const reason = whyNoProgram(referenceProgram)

describe.skipIf(reason)(
  `client-go and kubeflect watch the same server${reason ? ` (skipped: ${reason})` : ''}`,
  { timeout: 120_000 },
  () => {
    let binary = ''
    const differences = new Set<string>()
    const troubles = new Set<string>()

    beforeAll(async () => {
      binary = await buildProgram(referenceProgram)
    }, 900_000)

    /** Lets client-go's informers and ours live through a history, and compares them after each phase. */
    async function replay(seed: number, path: Path, expect: ExpectStatic): Promise<void> {
      const history = historyOf(seed)
      await using arena = await Arena.open(history, path)
      const { labelSelector } = history
      const reading = (name: string, initialList: 'stream' | 'list') => ({ url: arena.url, name, labelSelector, initialList })
      await using listing = startReference(binary, reading('client-go, listing', 'list'))
      await using streaming = startReference(binary, reading('client-go, streaming', 'stream'))
      await using started = new AsyncDisposableStack()
      const subjects = packingModes.flatMap((packing) =>
        (['list', 'stream'] as const).map((initialList) =>
          started.use(startSubject(reading(`kubeflect, ${initialList}, packing ${packing}`, initialList), packing)),
        ),
      )
      const references = [listing, streaming]
      const watchers = [...references, ...subjects]

      /** What an informer has done since the last time; what comes of a list is in the words of kubeflect, and in no order of keys. */
      const done = async (watcher: Watcher, listed: boolean) => {
        const calls = watcher.log.take()
        const store = storeText(await watcher.store())
        if (!listed) return { calls: calls.map(callText), store }
        return { calls: byKey(references.includes(watcher) ? translate(calls, (name) => differences.add(name)) : calls), store }
      }
      const compare = async (at: string, listed: boolean) => {
        const expected = await done(listing, listed)
        for (const watcher of watchers.slice(1)) expect(await done(watcher, listed), `${watcher.name}, ${at}`).toEqual(expected)
      }

      await arena.settle(watchers)
      await compare('in the beginning', true)
      for (const [index, phase] of history.phases.entries()) {
        await arena.live(phase, watchers)
        if (path === 'direct') troubles.add(phase.trouble)
        await compare(`phase ${index}: ${JSON.stringify(phase)}`, path === 'direct' && relists(phase.trouble))
      }
    }

    test.concurrent.for(seeds)(
      'kubeflect and client-go deliver the same events to handlers and hold the same objects (seed %i)',
      (seed, { expect }) => replay(seed, 'direct', expect),
    )

    test.concurrent.for(seeds)(
      'kubeflect and client-go deliver the same events through a relay, whatever happens behind it (seed %i)',
      (seed, { expect }) => replay(seed, 'relay', expect),
    )

    test.skipIf(chosen)('the differential runs cover every kind of fault, and every difference is by design', () => {
      expect([...troubles]).toEqual(expect.arrayContaining([...SLOW, 'none', 'disconnect', 'torn']))
      expect([...differences].sort()).toEqual([...differenceNames].sort())
    })
  },
)
