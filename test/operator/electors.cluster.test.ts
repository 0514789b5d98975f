// Two electors and kube-controller-manager on one Lease, with a real API server.

import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { KubeClient } from '../../src/http/client'
import { Lease } from '../../src/resources/coordination.k8s.io/v1'
import { createRandom } from '../../src/testing/random'
import { waitFor } from '../../src/wait/wait'
import { buildCluster } from '../cluster/build.ts'
import { describeCluster } from '../cluster/suite.ts'
import { isThorough } from '../support/thorough.ts'

const loader = new URL('../examples/source-loader.mjs', import.meta.url).href
const elector = fileURLToPath(new URL('elector.ts', import.meta.url))
const ROUNDS = Number(process.env.ELECTION_ROUNDS ?? (isThorough ? 8 : 3))
const at = { namespace: 'default' }
const NAME = 'shared'

/** A replica, and whether it is the holder of a Lease. */
interface Replica {
  readonly owns: (holder: string) => boolean
  readonly process: Supervised
}

describeCluster('electors, with a real API server', (cluster) => {
  test('two electors and kube-controller-manager never lead at the same time, whatever is killed, paused or restarted', async () => {
    const binary = await buildCluster()
    const { proxyUrl, kubeconfig } = cluster()
    const client = new KubeClient({ baseUrl: proxyUrl })
    const stop = new AbortController()

    // The moments at which each elector led for certain, and each version of the Lease.
    const led = new Map<string, number[]>([
      ['one', []],
      ['two', []],
    ])
    const leases: NonNullable<Lease['spec']>[] = []
    const replicas: Replica[] = [...led].map(([identity, moments]) => ({
      owns: (holder) => holder === identity,
      process: supervise(process.execPath, ['--import', loader, elector, proxyUrl, 'default', NAME, identity], (line) => {
        moments.push(Number(line))
      }),
    }))
    const manager = [
      ...['kubeconfig', 'authentication-kubeconfig', 'authorization-kubeconfig'].map((flag) => `--${flag}=${kubeconfig}`),
      ...['--leader-elect=true', `--leader-elect-resource-name=${NAME}`, '--leader-elect-resource-namespace=default'],
      ...['--leader-elect-lease-duration=3s', '--leader-elect-renew-deadline=2s', '--leader-elect-retry-period=500ms'],
      ...['--secure-port=0', '--controllers=ttl-controller'],
    ]
    replicas.push({
      owns: (holder) => holder !== '' && !led.has(holder),
      process: supervise(binary, ['kube-controller-manager', ...manager]),
    })
    const recording = record(client, (spec) => leases.push(spec), stop.signal)
    try {
      const random = createRandom(1)
      const held = (isMeant: (holder: string) => boolean) =>
        waitFor(client, Lease, NAME, (lease) => isMeant(lease?.spec?.holderIdentity ?? ''), { ...at, signal: AbortSignal.timeout(60_000) })
      for (let round = 0; round < ROUNDS; round++) {
        const lease = await held((holder) => holder !== '')
        const holder = lease?.spec?.holderIdentity ?? ''
        const leader = replicas.find(({ owns }) => owns(holder)) as Replica
        const action = (['kill', 'pause', 'end', 'restart'] as const)[random.below(4)]
        if (action === 'restart') {
          await cluster().restartApiServer()
          continue
        }
        leader.process.signal(({ kill: 'SIGKILL', pause: 'SIGSTOP', end: 'SIGTERM' } as const)[action as 'kill'])
        await held((other) => other !== '' && other !== holder)
        if (action === 'pause') leader.process.signal('SIGCONT')
        else leader.process.restart()
      }
    } finally {
      stop.abort()
      for (const { process } of replicas) process.close()
      await recording
    }

    // Moments of the two electors do not interleave with those of the other during its term.
    const stretches = leases
      .filter(({ holderIdentity }) => holderIdentity)
      .map(({ holderIdentity, acquireTime, renewTime }) => ({
        holder: holderIdentity as string,
        from: Date.parse(acquireTime ?? ''),
        to: Date.parse(renewTime ?? ''),
      }))
    for (const [identity, moments] of led)
      for (const moment of moments)
        for (const { holder, from, to } of stretches)
          if (holder !== identity && moment > from && moment < to)
            throw new Error(`${identity} led at ${moment}, and ${holder} from ${from} to ${to}`)
    expect(leases.length).toBeGreaterThan(ROUNDS)

    // Each acquisition counts as one transition, and nothing else does. A watch that begins again may have missed versions.
    for (const [i, spec] of leases.entries()) {
      const previous = leases[i - 1]
      if (!previous) continue
      const acquired = spec.holderIdentity !== '' && spec.acquireTime !== previous.acquireTime
      const transitions = (spec.leaseTransitions ?? 0) - (previous.leaseTransitions ?? 0)
      if (acquired) expect(transitions, JSON.stringify([previous, spec])).toBeGreaterThanOrEqual(1)
      else expect(transitions, JSON.stringify([previous, spec])).toBe(0)
    }
  }, 900_000)
})

/** Calls `add` with every version of the Lease until the signal is aborted. */
async function record(client: KubeClient, add: (lease: NonNullable<Lease['spec']>) => void, signal: AbortSignal): Promise<void> {
  await waitFor(
    client,
    Lease,
    NAME,
    (lease) => {
      if (lease?.spec) add(lease.spec)
      return false
    },
    { ...at, signal },
  ).catch((error) => {
    if (!signal.aborted) throw error
  })
}

interface Supervised {
  /** Sends a signal: `SIGSTOP` and `SIGCONT`, or one that ends the process until `restart()`. */
  signal(name: NodeJS.Signals): void
  restart(): void
  close(): void
}

/** Runs a process, and starts it again when it ends by itself, as a Deployment does. */
function supervise(program: string, args: readonly string[], onLine: (line: string) => void = () => undefined): Supervised {
  let child: ReturnType<typeof spawn>
  let isWanted = true
  let isRunning = false
  const start = (): void => {
    // The control plane's processes end with the pipe of their standard input.
    child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'], env: { ...process.env, EXIT_WITH_PARENT: '1' } })
    isRunning = true
    createInterface(child.stdout as NonNullable<typeof child.stdout>).on('line', onLine)
    child.once('exit', () => {
      isRunning = false
      if (isWanted) start()
    })
  }
  start()
  return {
    signal(name) {
      if (name !== 'SIGSTOP' && name !== 'SIGCONT') isWanted = false
      child.kill(name)
    },
    restart() {
      isWanted = true
      if (!isRunning) start()
    },
    close() {
      isWanted = false
      child.kill('SIGKILL')
    },
  }
}
