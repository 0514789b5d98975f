// The module of the SharedWorker that owns the feeds. Importing it elsewhere has no effect.

import { systemClock } from '../internal/clock'
import { onWake } from '../internal/wake'
import { idbPersister } from '../persistence/idb/idb-persister'
import { packedRows } from '../persistence/idb/packed-rows'
import { newWriter } from '../persistence/writer'
import { holdLock } from './lock'
import type { TabsPort } from './messages'
import { Owner } from './owner'
import { joinBroadcast } from './platform'

interface WorkerScope extends EventTarget {
  readonly name: string
  close(): void
}

const { SharedWorkerGlobalScope } = globalThis as unknown as { SharedWorkerGlobalScope?: new () => unknown }

if (SharedWorkerGlobalScope && globalThis instanceof SharedWorkerGlobalScope) void serve(globalThis as unknown as WorkerScope)

async function serve(scope: WorkerScope): Promise<void> {
  const early: TabsPort[] = []
  let owner: Owner | undefined
  scope.addEventListener('connect', (event) => {
    const [port] = (event as MessageEvent).ports as unknown as TabsPort[]
    if (!port) return
    if (owner) owner.connect(port)
    else early.push(port)
  })
  const id = newWriter()
  const lock = await holdLock(`kubeflect/owner/${id}`)
  const channel = joinBroadcast((message) => owner?.hear(message))
  owner = new Owner({
    name: scope.name,
    id,
    lock,
    clock: systemClock,
    onWake,
    persisterOf: ({ storage: { pack, ...storage } }) => idbPersister({ ...storage, pack: pack ? { rows: packedRows } : undefined }),
    onEnd: () => {
      channel.close()
      scope.close()
    },
  })
  for (const port of early) owner.connect(port)
}
