// The module of the SharedWorker that owns the feeds, or of the Worker of a tab that leads. Importing it elsewhere has no effect.

import { systemClock } from '../internal/clock'
import { onWake } from '../internal/wake'
import { restorePersister } from '../persistence/idb/restore'
import { newWriter } from '../persistence/writer'
import { joinBroadcast } from './broadcast'
import { joinChannel } from './channel-port'
import { IDENTITY_PREFIX } from './identity'
import { acceptTabs } from './leader'
import { declareServing, holdLock, newestGeneration } from './lock'
import type { TabsPort } from './messages'
import { Owner } from './owner'

interface WorkerScope extends EventTarget {
  readonly name: string
  close(): void
}

type Scopes = Partial<Record<'SharedWorkerGlobalScope' | 'DedicatedWorkerGlobalScope', new () => unknown>>

const { SharedWorkerGlobalScope, DedicatedWorkerGlobalScope } = globalThis as unknown as Scopes
const scope = globalThis as unknown as WorkerScope

if (SharedWorkerGlobalScope && globalThis instanceof SharedWorkerGlobalScope) {
  const early: TabsPort[] = []
  let accept = (port: TabsPort): void => void early.push(port)
  scope.addEventListener('connect', (event) => {
    for (const port of (event as MessageEvent).ports) accept(port as unknown as TabsPort)
  })
  void start().then((owner) => {
    accept = (port) => owner.connect(port)
    for (const port of early) accept(port)
  })
} else if (DedicatedWorkerGlobalScope && globalThis instanceof DedicatedWorkerGlobalScope && scope.name.startsWith(IDENTITY_PREFIX)) {
  void start().then((owner) => acceptTabs(scope.name, joinChannel, (port) => owner.connect(port)))
}

async function start(): Promise<Owner> {
  const id = newWriter()
  const lock = await holdLock(`kubeflect/owner/${id}`)
  const channel = joinBroadcast((message) => owner.hear(message))
  const owner = new Owner({
    name: scope.name,
    id,
    lock,
    clock: systemClock,
    onWake,
    persisterOf: ({ storage }) => restorePersister(storage),
    onServe: () => declareServing(scope.name),
    newestGeneration: () => newestGeneration(scope.name),
    onEnd: () => {
      channel.close()
      scope.close()
    },
  })
  return owner
}
