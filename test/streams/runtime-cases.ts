// Cases for exec, ports and files that run in every runtime, against a real API server and kubelet.

import { isApiError, isConnectionError, KubeClient, type KubeClientOptions } from 'kubeflect'
import { connectPort, exec, isCommandError, isExitError, isStreamOverflowError, readFile, runCommand, writeFile } from 'kubeflect/streams'
import { equal } from '../runtime/stage.ts'
import { bytesOf, failure, text } from './outcomes.ts'

/** The part of a stage that is plain data. */
export interface CaseTarget {
  /** The pods, one for each path to the kubelet. */
  readonly pods: readonly string[]
  readonly namespace: string
  /** A port of the pods that answers a line with {@link pattern} of {@link ANSWER_LENGTH} bytes, and closes the connection. */
  readonly port: number
  /** A port of the pods that refuses connections. */
  readonly closedPort: number
  /** Whether a slow reader stops the command in this runtime. */
  readonly hasBackpressure: boolean
}

/** What a case is given. The cases know no test runner: each runtime bundles them and runs them as they are. */
export interface StreamStage extends CaseTarget {
  /** Options of a client of the cluster. */
  connect(): Promise<KubeClientOptions & Partial<AsyncDisposable>>
  /** Returns the memory that the runtime occupies, in MB; absent where that cannot be measured. */
  readonly memory?: (() => Promise<number>) | undefined
}

/** One case. */
export interface StreamCase {
  readonly title: string
  run(stage: StreamStage): Promise<void>
}

/** How long one case may take, in milliseconds: reading 300 MB takes a while on a machine that does other work. */
export const CASE_TIMEOUT_MS = 60_000

type Pod = { readonly namespace: string; readonly name: string }
/** One case for any pod. */
export type PodCase = (context: { client: KubeClient; pod: Pod; stage: StreamStage }) => Promise<void>

/** The number of bytes that a pod's port answers with. */
export const ANSWER_LENGTH = 5_000_000

/** Returns bytes whose parts differ from each other, so that a gap or a repetition shows. */
export function pattern(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = (i ^ (i >> 8) ^ (i >> 16)) & 0xff
  return bytes
}

const MiB = 1024 * 1024
const delay = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
/** @throws Error when the bytes are not the pattern. */
function isPattern(bytes: Uint8Array, length: number): void {
  equal(bytes.length, length)
  const expected = pattern(length)
  if (!bytes.every((byte, i) => byte === expected[i])) throw new Error('the bytes differ')
}

/** Makes cases for each pod. */
export function casesOf(cases: Readonly<Record<string, PodCase>>, pods: readonly string[]): readonly StreamCase[] {
  return pods.flatMap((name) =>
    Object.entries(cases).map(([title, run]) => ({
      title: `${title} (${name})`,
      async run(stage: StreamStage) {
        const { [Symbol.asyncDispose]: dispose, ...options } = await stage.connect()
        try {
          await run({ client: new KubeClient(options), pod: { namespace: stage.namespace, name }, stage })
        } finally {
          await dispose?.()
        }
      },
    })),
  )
}

/** The cases of every runtime. */
export function streamCasesOf({ pods, hasBackpressure }: Pick<CaseTarget, 'pods' | 'hasBackpressure'>): readonly StreamCase[] {
  return casesOf({ ...common, ...(hasBackpressure ? pausing : overflowing) }, pods)
}

const common: Readonly<Record<string, PodCase>> = {
  async 'gives both outputs and the exit code of a command'({ client, pod }) {
    const command = ['sh', '-c', 'echo out; echo "größer" >&2; exit 7']
    equal(await runCommand(client, { ...pod, command }), { code: 7, stdout: 'out\n', stderr: 'größer\n' })
  },

  async 'sends 20 MB and the end of the input, and little of it waits in the runtime'({ client, pod }) {
    const unsent = watchUnsent()
    try {
      await using process = await exec(client, { ...pod, command: ['wc', '-c'], stdin: true })
      const output = text(process.stdout)
      let parts = 0
      const input = new ReadableStream<Uint8Array>({
        pull(controller) {
          unsent.note()
          if (++parts > 160) controller.close()
          else controller.enqueue(new Uint8Array(128 * 1024).fill(parts))
        },
      })
      await input.pipeTo(process.stdin)
      equal([(await output).trim(), (await process.exit).code], ['20971520', 0])
      // One message may exceed the bound.
      if (unsent.most() > MiB + 128 * 1024) throw new Error(`${unsent.most()} bytes waited in the runtime`)
    } finally {
      unsent.stop()
    }
  },

  async 'takes no more input than the connection, while the command reads none'({ client, pod }) {
    // workerd does not say how much it holds.
    if ('WebSocketPair' in globalThis) return
    await using process = await exec(client, { ...pod, command: ['sleep', '10'], stdin: true })
    let sent = 0
    const input = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 32 * 1024
        controller.enqueue(new Uint8Array(32 * 1024))
      },
    })
    const writing = failure(input.pipeTo(process.stdin))
    // The kernels and the servers between this process and the command hold some MB.
    for (let before = -1; before !== sent; ) {
      before = sent
      await delay(1_000)
    }
    await process.close()
    await writing
    if (sent === 0) throw new Error('nothing was sent')
  },

  async 'says why a command cannot be started, and why a stream is refused'({ client, pod }) {
    const noCommand = await failure(runCommand(client, { ...pod, command: ['no-such-command'] }))
    if (!isCommandError(noCommand) || !noCommand.message.includes('no-such-command')) throw noCommand
    const noContainer = await failure(exec(client, { ...pod, container: 'none', command: ['ls'] }))
    if (!isApiError(noContainer) || !noContainer.message.includes('container none is not valid')) throw noContainer
    equal(noContainer.status, 400)
    const noPod = await failure(exec(client, { ...pod, name: 'gone', command: ['ls'] }))
    if (!isApiError(noPod)) throw noPod
    equal([noPod.status, noPod.reason], [404, 'NotFound'])
  },

  async '[streams/17] an answer of 5 MB from a port arrives complete, without the bytes of the port'({ client, pod, stage }) {
    await using connection = await connectPort(client, { ...pod, port: stage.port })
    await connection.writable.getWriter().write(new TextEncoder().encode('send\n'))
    isPattern(await bytesOf(connection.readable), ANSWER_LENGTH)
    await connection.closed
  },

  async '[streams/17] a port that refuses is an error with the text of the server'({ client, pod, stage }) {
    await using connection = await connectPort(client, { ...pod, port: stage.closedPort })
    const error = await failure(connection.closed)
    if (!isConnectionError(error) || !/connection refused/.test(error.message)) throw error ?? new Error('there was no error')
  },

  async '[streams/21] a file is written and read back unchanged, 100 MB of a Blob in a page'({ client, pod }) {
    const length = 'document' in globalThis ? 100_000_000 : 8_000_000
    const path = `written-${crypto.randomUUID()}`
    await writeFile(client, { ...pod, path }, new Blob([pattern(length)]))
    const counted = await runCommand(client, { ...pod, command: ['wc', '-c', path] })
    equal(counted.stdout.trim().split(' ')[0], String(length))
    // A part that fits where the runtime cannot pause the server.
    const part = await runCommand(client, { ...pod, command: ['sh', '-c', `tail -c 8000000 ${path} > ${path}.end; rm ${path}`] })
    equal(part.code, 0)
    const end = await bytesOf(await readFile(client, { ...pod, path: `${path}.end` }))
    equal(end.length, 8_000_000)
    const expected = pattern(length).subarray(length - end.length)
    if (!end.every((byte, i) => byte === expected[i])) throw new Error('the bytes differ')
    await runCommand(client, { ...pod, command: ['rm', `${path}.end`] })
  },

  async '[streams/21] reading a file that is not there rejects with the message of cat'({ client, pod }) {
    const error = await failure(readFile(client, { ...pod, path: 'no-such-file' }))
    if (!isExitError(error) || !error.message.includes('no-such-file')) throw error ?? new Error('there was no error')
  },

  async 'ends with the reason of an abort before, during and after the handshake'({ client, pod }) {
    const reason = new Error('enough')
    const start = (signal: AbortSignal) => exec(client, { ...pod, command: ['sleep', '5'], signal })
    equal(String(await failure(start(AbortSignal.abort(reason)))), 'Error: enough')
    const during = new AbortController()
    const starting = failure(start(during.signal))
    during.abort(reason)
    if ((await starting) !== reason) throw await starting
    const later = new AbortController()
    const process = await start(later.signal)
    const output = text(process.stdout)
    later.abort(reason)
    equal([await output, (await failure(process.exit)) === reason], ['', true])
  },

  async 'tells a terminal its sizes in order'({ client, pod }) {
    await using process = await exec(client, { ...pod, command: ['@sizes'], stdin: true, tty: { columns: 80, rows: 24 } })
    await process.resize({ columns: 100, rows: 30 })
    const reader = process.stdout.getReader()
    const decoder = new TextDecoder()
    let output = ''
    while (!output.includes('100x30')) output += decoder.decode((await reader.read()).value)
    equal(output.trim().split(/\s+/), ['80x24', '100x30'])
    await process.stdin.close()
    equal((await process.exit).code, 0)
  },
}

const MANY = 300_000_000

const pausing: Readonly<Record<string, PodCase>> = {
  async 'with 300 MB to read and one read in 4 s, the command waits and memory stays within 16 MB'(context) {
    // Other parts of a runtime take memory at times. What is unread would be there each time.
    const growths = [await growthWhileWaiting(context)]
    while (growths.length < 3 && Math.min(...growths) > 16) growths.push(await growthWhileWaiting(context))
    if (Math.min(...growths) > 16) throw new Error(`memory grew by ${growths.join(', ')} MB`)
  },
}

/** Reads once from a command that writes 300 MB, and returns how much the memory grows in the next 4 s, in MB. */
async function growthWhileWaiting({ client, pod, stage }: Parameters<PodCase>[0]): Promise<number> {
  const marker = `done-${crypto.randomUUID()}`
  const hasEnded = async () => (await runCommand(client, { ...pod, command: ['test', '-e', marker] })).code === 0
  await using process = await exec(client, { ...pod, command: ['sh', '-c', `head -c ${MANY} /dev/zero; touch ${marker}`] })
  const reader = process.stdout.getReader()
  const before = await stage.memory?.()
  await reader.read()
  await delay(4_000)
  const after = await stage.memory?.()
  equal(await hasEnded(), false)
  // Reading goes on beyond what was held.
  for (let length = 0; length < 4 * MiB; ) length += (await reader.read()).value?.length ?? Number.NaN
  return before === undefined || after === undefined ? 0 : after - before
}

const overflowing: Readonly<Record<string, PodCase>> = {
  async 'with 300 MB to read and one read in 4 s, the stream fails with an error that names stdout and the bound'({ client, pod, stage }) {
    const before = await stage.memory?.()
    await using process = await exec(client, { ...pod, command: ['head', '-c', String(MANY), '/dev/zero'] })
    const reader = process.stdout.getReader()
    await reader.read()
    const error = await Promise.race([failure(process.exit), delay(4_000)])
    if (!isStreamOverflowError(error)) throw error ?? new Error('there was no error')
    equal([error.stream, error.limit], ['stdout', 16 * MiB])
    if ((await failure(reader.read())) !== error) throw new Error('reading goes on')
    // The bound, what was on its way, and what the garbage collector has not taken.
    const growth = before === undefined ? 0 : ((await stage.memory?.()) ?? 0) - before
    if (growth > 150) throw new Error(`memory grew by ${growth} MB`)
  },
}

/** Notes how many bytes wait in the WebSockets of this runtime, where it has that class and kubeflect uses it. */
function watchUnsent(): { note(): void; most(): number; stop(): void } {
  const scope = globalThis as { WebSocket?: typeof WebSocket }
  const Original = scope.WebSocket
  if (!Original || 'WebSocketPair' in globalThis) return { note() {}, most: () => 0, stop() {} }
  const opened: WebSocket[] = []
  let most = 0
  scope.WebSocket = class extends Original {
    constructor(...args: ConstructorParameters<typeof WebSocket>) {
      super(...args)
      opened.push(this)
    }
  }
  return {
    note() {
      for (const { bufferedAmount } of opened) most = Math.max(most, bufferedAmount)
    },
    most: () => most,
    stop() {
      scope.WebSocket = Original
    },
  }
}
