// Compares a relay with kube-apiserver, both over TLS and HTTP/1.1 on this machine.
//
//   node bench/relay/run.ts fanout [--watchers 1000] [--updates 200] [--rate 20] [--rounds 3]
//   node bench/relay/run.ts relay-list [--clients 100] [--pods 10000]
//   node bench/relay/run.ts watchers [--watchers 10000]
//
// fanout: changes one config map of 1 kB, and measures the CPU time of the server per delivered event, and its memory per watcher.
// watchers: opens watches of a relay, and of a bare server of Node, over HTTP and over TLS, and measures the memory that each takes.
// relay-list: counts the lists at the API server that simultaneous lists of many clients cost.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startCluster } from '../../test/cluster/cluster.ts'
import { createAuthority } from '../../test/kubeconfig/certificates.ts'
import { bundle } from '../harness/build.ts'
import { describeMachine } from '../harness/results.ts'
import { markdown } from '../harness/table.ts'
import type { Memory } from './tell-memory.ts'

const { values, positionals } = parseArgs({
  options: {
    watchers: { type: 'string' },
    updates: { type: 'string', default: '200' },
    rate: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '3' },
    clients: { type: 'string', default: '100' },
    pods: { type: 'string', default: '10000' },
  },
  allowPositionals: true,
})
/** Sockets that are opened at the same time. */
const AT_ONCE = 100
/** The longest wait for the last event, in milliseconds. */
const PATIENCE_MS = 60_000
const agent = new Agent({ keepAlive: false, rejectUnauthorized: false, maxSockets: Number.POSITIVE_INFINITY })

/** A server to measure. */
interface Subject {
  readonly name: string
  readonly url: string
  readonly pid: number
  readonly token: string
}

interface Measured {
  readonly subject: string
  /** CPU time of the server per delivered event, in microseconds. */
  readonly cpu: number
  /** Resident memory per watcher, in kB. */
  readonly memory: number
  readonly delivered: number
}

/** The CPU time of a process, in microseconds. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}

/** The resident memory of a process, in kB. */
const residentOf = (pid: number): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])

/** Opens a watch. `ended` resolves to the number of events when the last one has arrived, or when the watch has ended. */
function watch({ url, token }: Subject, path: string, last: string): { opened: Promise<void>; ended: Promise<number>; close(): void } {
  const sent = request(`${url}${path}`, { agent, headers: { accept: 'application/json', authorization: `Bearer ${token}` } })
  let tell: (events: number) => void
  const ended = new Promise<number>((resolve) => {
    tell = resolve
  })
  const opened = new Promise<void>((resolve, reject) => {
    sent.once('error', reject)
    sent.once('response', (response) => {
      let events = 0
      let tail = ''
      response.setEncoding('latin1').on('data', (text: string) => {
        for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) events++
        if ((tail + text).includes(last)) tell(events)
        tail = text.slice(-last.length)
      })
      response.once('close', () => tell(events))
      response.once('error', () => tell(events))
      resolve()
    })
  })
  sent.end()
  return { opened, ended, close: () => sent.destroy() }
}

/** Measures one server. Writes go to the API server directly. */
async function measure(subject: Subject, api: string): Promise<Measured> {
  const [count, updates, rate] = [Number(values.watchers ?? 1000), Number(values.updates), Number(values.rate)]
  const namespace = `fan-${Date.now()}`
  const send = async (method: string, path: string, body: object) => {
    const response = await fetch(`${api}${path}`, { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`)
    return (await response.json()) as { metadata: { resourceVersion: string } }
  }
  const configMap = (n: number) => ({
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { name: 'a' },
    data: { n: `n${n}.`, p: 'x'.repeat(1000) },
  })
  await send('POST', '/api/v1/namespaces', { kind: 'Namespace', apiVersion: 'v1', metadata: { name: namespace } })
  const base = `/api/v1/namespaces/${namespace}/configmaps`
  const { metadata } = await send('POST', base, configMap(0))
  await sleep(1500)
  const memoryBefore = residentOf(subject.pid)
  const path = `${base}?watch=1&timeoutSeconds=600&resourceVersion=${metadata.resourceVersion}`
  const watches: ReturnType<typeof watch>[] = []
  while (watches.length < count) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - watches.length) }, () => watch(subject, path, `n${updates}.`))
    await Promise.all(some.map(({ opened }) => opened))
    watches.push(...some)
  }
  await sleep(1000)
  const before = cpuOf(subject.pid)
  for (let n = 1; n <= updates; n++) {
    const due = sleep(1000 / rate)
    await send('PUT', `${base}/a`, configMap(n))
    await due
  }
  const counts = await Promise.race([
    Promise.all(watches.map(({ ended }) => ended)),
    sleep(PATIENCE_MS, undefined, { ref: false }).then(() => {
      throw new Error(`${subject.name} did not deliver everything within a minute`)
    }),
  ])
  const cpu = cpuOf(subject.pid) - before
  const memory = (residentOf(subject.pid) - memoryBefore) / count
  for (const each of watches) each.close()
  await sleep(1000)
  const delivered = counts.reduce((sum, each) => sum + each, 0)
  return { subject: subject.name, cpu: cpu / delivered, memory, delivered }
}

/** Bundles a script and starts it. Returns the URL that it prints. */
async function start(entry: string, args: readonly string[]): Promise<{ url: string; child: ChildProcess }> {
  const child = fork(await bundle(entry, { platform: 'node' }), [...args], {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  const [line] = (await once(child.stdout ?? child, 'data')) as [Buffer]
  return { url: String(line).trim(), child }
}

/** Starts a script with a certificate and a key as its last arguments. */
async function startWithTls(entry: string, args: readonly string[]): Promise<{ url: string; child: ChildProcess }> {
  const directory = mkdtempSync(join(tmpdir(), 'kubeflect-bench-relay-'))
  const { cert, key } = createAuthority().server('127.0.0.1')
  writeFileSync(join(directory, 'cert'), cert)
  writeFileSync(join(directory, 'key'), key)
  const started = await start(entry, [...args, join(directory, 'cert'), join(directory, 'key')])
  rmSync(directory, { recursive: true })
  return started
}

const startRelay = (upstream: string) => startWithTls('relay/relay-process.ts', [upstream])

async function fanOut(): Promise<void> {
  await using cluster = await startCluster()
  const [, apiServer = 0] = cluster.pids
  const measured: Measured[] = []
  for (let round = 0; round < Number(values.rounds); round++) {
    const direct = { name: 'kube-apiserver', url: cluster.serverUrl, pid: apiServer, token: cluster.adminToken }
    measured.push(await measure(direct, cluster.proxyUrl))
    const { url, child } = await startRelay(cluster.proxyUrl)
    measured.push(await measure({ name: 'relay', url, pid: child.pid ?? 0, token: cluster.adminToken }, cluster.proxyUrl))
    child.disconnect()
    await once(child, 'exit')
  }
  console.log(describeMachine())
  console.log(
    markdown([
      ['server', 'CPU per delivery, µs', 'memory per watcher, kB', 'deliveries'],
      ...measured.map(({ subject, cpu, memory, delivered }) => [subject, cpu.toFixed(1), memory.toFixed(0), String(delivered)]),
    ]),
  )
  const sum = (name: string) => measured.filter(({ subject }) => subject === name).reduce((total, { cpu }) => total + cpu, 0)
  console.log(`relay ÷ kube-apiserver, CPU per delivery: ${(sum('relay') / sum('kube-apiserver')).toFixed(2)}`)
}

async function relayList(): Promise<void> {
  const [clients, pods] = [Number(values.clients), Number(values.pods)]
  const upstream = await start('relay/upstream-process.ts', [values.pods])
  const { url, child } = await startRelay(upstream.url)
  const lists = async (): Promise<number> => {
    upstream.child.send('lists')
    const [count] = (await once(upstream.child, 'message')) as [number]
    return count
  }
  await lists()
  const read = () =>
    new Promise<number>((resolve, reject) => {
      request(`${url}/api/v1/pods`, { agent }, (response) => {
        let length = 0
        response.on('data', (chunk: Buffer) => {
          length += chunk.length
        })
        response.once('end', () => resolve(length))
      })
        .once('error', reject)
        .end()
    })
  const since = performance.now()
  const lengths = await Promise.all(Array.from({ length: clients }, read))
  const seconds = (performance.now() - since) / 1000
  console.log(describeMachine())
  console.log(
    `${clients} lists of ${pods} pods (${((lengths[0] ?? 0) / 1e6).toFixed(0)} MB each) in ${seconds.toFixed(1)} s: ${await lists()} lists upstream`,
  )
  child.disconnect()
  upstream.child.disconnect()
}

/** Opens watches that are held until the server ends. */
async function hold(url: string, count: number): Promise<void> {
  const send = url.startsWith('https:') ? request : httpRequest
  const open = () =>
    new Promise<void>((resolve, reject) => {
      const headers = { accept: 'application/json', authorization: 'Bearer none' }
      const options = { agent: false as const, rejectUnauthorized: false, headers }
      const sent = send(`${url}/api/v1/configmaps?watch=1&allowWatchBookmarks=true&timeoutSeconds=3600`, options, (response) => {
        response.on('error', () => undefined).resume()
        resolve()
      })
      sent.once('error', reject).end()
    })
  for (let opened = 0; opened < count; opened += AT_ONCE) await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - opened) }, open))
}

async function watchers(): Promise<void> {
  const count = Number(values.watchers ?? 10_000)
  const upstream = await start('relay/upstream-process.ts', ['0'])
  const rows: string[][] = [['server', 'protocol', 'resident, kB', 'heap, kB', 'external, kB']]
  const subjects = {
    'bare, http': () => start('relay/floor-process.ts', []),
    'bare, TLS': () => startWithTls('relay/floor-process.ts', []),
    'relay, http': () => start('relay/relay-process.ts', [upstream.url]),
    'relay, TLS': () => startRelay(upstream.url),
  }
  for (const [name, begin] of Object.entries(subjects)) {
    const { url, child } = await begin()
    const memory = async (): Promise<Memory> => {
      child.send('memory')
      const [told] = (await once(child, 'message')) as [Memory]
      return told
    }
    // What the first requests load and compile is not of the watchers.
    await hold(url, AT_ONCE)
    const before = await memory()
    await hold(url, count)
    const after = await memory()
    const each = (part: keyof Memory) => ((after[part] - before[part]) / count / 1000).toFixed(1)
    rows.push([...name.split(', '), each('resident'), each('heap'), each('external')])
    child.disconnect()
    await once(child, 'exit')
  }
  upstream.child.disconnect()
  console.log(describeMachine())
  console.log(`memory per watcher, of ${count}`)
  console.log(markdown(rows))
}

const [what = 'fanout'] = positionals
if (what === 'fanout') await fanOut()
else if (what === 'relay-list') await relayList()
else if (what === 'watchers') await watchers()
else throw new TypeError(`there is no benchmark ${what}: fanout, relay-list or watchers`)
