// The server's side of exec, attach and port-forward: functions in place of containers.

import type { Status } from '../api/object'
import { CHANNEL, encode, MAX_PART, V4, V5 } from '../streams/channels'
import type { TerminalSize } from '../streams/process'
import { badRequest, failure } from '../watch-cache/failures'
import { errorResponse, type ResourceRequest, statusResponse } from '../watch-cache/protocol'
import { type Collection, copyOf } from './collection'
import { type ContainerReference, containerOf } from './pod-logs'

/** A stream of a {@link FakeCommand} to its client. */
export interface FakeOutput {
  /** Sends text or bytes. Resolves when the client has read enough for more; rejects when it has left. */
  write(data: string | Uint8Array): Promise<void>
}

/** A command that a client started with `exec`, or the main command that it attached to. */
export interface FakeCommand extends ContainerReference {
  /** The program and its arguments; empty for `attach`. */
  readonly command: readonly string[]
  /** Whether the client asked for a terminal. Then `stderr` arrives on the client's stdout. */
  readonly tty: boolean
  /** The client's input. Ends when the client ends it, and at once if the client sends none. */
  readonly stdin: ReadableStream<Uint8Array>
  readonly stdout: FakeOutput
  readonly stderr: FakeOutput
  /** Calls a function with the size of the client's terminal, if it has told one, and with each later one. */
  onResize(listener: (size: TerminalSize) => void): void
  /** Aborted when the client leaves. A real command runs on. */
  readonly signal: AbortSignal
}

/** A TCP connection that a client opened with `connectPort`. */
export interface FakePort {
  readonly namespace: string
  /** The name of the pod. */
  readonly name: string
  readonly port: number
  /** The client's bytes. They do not end, because the protocol cannot say that. */
  readonly readable: ReadableStream<Uint8Array>
  /** Sends bytes or text, like {@link FakeOutput}. */
  write(data: string | Uint8Array): Promise<void>
  /** Aborted when the client leaves. */
  readonly signal: AbortSignal
}

/** The functions in place of containers. A function that is left out refuses its kind of stream. */
export interface FakeStreamHandlers {
  /**
   * Runs a command.
   *
   * @returns the exit code, from 0 to 255; default 0. An error is one of the server, with its message and no exit code.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing is of type void.
  exec?: ((command: FakeCommand) => number | void | Promise<number | void>) | undefined
  /** Is the main command of a container, while a client is attached to it. */
  attach?: ((command: FakeCommand) => void | Promise<void>) | undefined
  /** Serves a connection to a port of a pod, which closes with it. An error refuses the connection with its message. */
  portForward?: ((connection: FakePort) => void | Promise<void>) | undefined
}

const KINDS: readonly string[] = ['exec', 'attach', 'portforward']
/** Whether a subresource of a pod is a stream. */
export const isStream = (subresource: string): boolean => KINDS.includes(subresource)

/** The client's side of a WebSocket. */
export interface Upgrade {
  readonly protocols: readonly string[]
  /** The messages of the client. */
  readonly incoming: ReadableStream<Uint8Array>
}

/** The number of bytes in each direction that wait to be read. */
const UNREAD = 64 * 1024
const waiting = (): QueuingStrategy<Uint8Array> => new ByteLengthQueuingStrategy({ highWaterMark: UNREAD })

/**
 * Answers a request for a stream of a pod, with kube-apiserver's wording.
 *
 * @param upgrade the client's side and the functions of the containers; undefined for a request that is no WebSocket.
 * @returns a response whose body has one message in each chunk; or a refusal.
 */
export function answerStream(
  request: Request,
  { subresource, namespace, name }: ResourceRequest,
  pods: Collection,
  upgrade: (Upgrade & { readonly handlers: FakeStreamHandlers }) | undefined,
): Response {
  try {
    const pod = copyOf(pods.get({ namespace, name }))
    const container = subresource === 'portforward' ? undefined : containerOf(pod, request)
    if (!upgrade) return statusResponse(badRequest('Upgrade request required'))
    const protocol = upgrade.protocols.find((one) => one === V4 || (one === V5 && container))
    if (!protocol)
      return statusResponse(badRequest(`unable to upgrade: unable to negotiate protocol: client supports ${upgrade.protocols}`))
    const { exec, attach, portForward } = upgrade.handlers
    const params = new URL(request.url).searchParams
    const connection = new Connection(upgrade)
    if (container && exec && subresource === 'exec') {
      void serveCommand(connection, async (command) => (await exec(command)) ?? 0, { container, params })
    } else if (container && attach && subresource === 'attach') {
      // The server reports the end of a main command without its code.
      const run = async (command: FakeCommand) => {
        await attach(command)
        return 0
      }
      void serveCommand(connection, run, { container, params })
    } else if (!container && portForward) {
      void servePort(connection, portForward, { namespace, name, port: Number(params.get('ports')) })
    } else
      return statusResponse(
        badRequest(`pod ${name} is a fake: pass the option ${container ? subresource : 'portForward'} to FakeApiServer`),
      )
    return new Response(connection.outgoing, { headers: { upgrade: 'websocket', 'sec-websocket-protocol': protocol } })
  } catch (error) {
    return errorResponse(error)
  }
}

/** The messages of one connection. */
class Connection {
  /** The messages for the client. */
  readonly outgoing: ReadableStream<Uint8Array<ArrayBuffer>>
  readonly #leaving = new AbortController()
  readonly #left = new DOMException('the client has left', 'AbortError')
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>
  readonly #incoming: ReadableStreamDefaultReader<Uint8Array>

  constructor({ incoming }: Upgrade) {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>(undefined, waiting(), waiting())
    this.outgoing = readable as ReadableStream<Uint8Array<ArrayBuffer>>
    this.#writer = writable.getWriter()
    this.#incoming = incoming.getReader()
    // A client that cancels the messages has left.
    this.#writer.closed.catch(() => this.#leaving.abort(this.#left))
  }

  /** Aborted when the client leaves. */
  get signal(): AbortSignal {
    return this.#leaving.signal
  }

  /** Returns a stream of what is written to the other end: the input of a command or port. It breaks when the client leaves. */
  input(): { readonly readable: ReadableStream<Uint8Array>; readonly writer: WritableStreamDefaultWriter<Uint8Array> } {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>(undefined, undefined, waiting())
    const writer = writable.getWriter()
    writer.closed.catch(() => undefined)
    this.signal.addEventListener('abort', () => void writer.abort(this.#left).catch(() => undefined))
    return { readable, writer }
  }

  /** Sends data on a channel, in parts as a server does; an empty message for no data. */
  send(channel: number, data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data
    const parts = Array.from({ length: Math.max(1, Math.ceil(bytes.length / MAX_PART)) }, (_, at) =>
      this.#writer.write(encode(channel, bytes.subarray(at * MAX_PART, (at + 1) * MAX_PART))),
    )
    const sent = Promise.all(parts).then(
      () => undefined,
      () => Promise.reject(this.#left),
    )
    // A function that does not wait need not handle that its client has left.
    sent.catch(() => undefined)
    return sent
  }

  /** Reads the client's messages until the connection ends; each call ends before the next one. */
  async receive(onMessage: (channel: number, data: Uint8Array) => Promise<void> | void): Promise<void> {
    for (;;) {
      const { done, value } = await this.#incoming.read()
      if (done) return
      const [channel] = value
      if (channel !== undefined) await onMessage(channel, value.slice(1))
    }
  }

  /** Ends the connection, as a server does. */
  async close(): Promise<void> {
    await Promise.allSettled([this.#writer.close(), this.#incoming.cancel()])
  }
}

/** Connects a command with a client. */
async function serveCommand(
  connection: Connection,
  run: (command: FakeCommand) => Promise<number>,
  { container, params }: { container: ContainerReference; params: URLSearchParams },
): Promise<void> {
  const isOn = (name: string) => params.get(name) === 'true'
  const { readable: stdin, writer: keys } = connection.input()
  if (!isOn('stdin')) keys.close().catch(() => undefined)
  let size: TerminalSize | undefined
  const listeners: ((size: TerminalSize) => void)[] = []
  const output = (channel: number, isWanted: boolean): FakeOutput => ({
    write: async (data) => {
      if (isWanted && data.length > 0) await connection.send(channel, data)
    },
  })
  const stdout = output(CHANNEL.stdout, isOn('stdout'))
  connection
    .receive(async (channel, data) => {
      if (channel === CHANNEL.stdin && isOn('stdin') && data.length > 0) await keys.write(data)
      else if (channel === CHANNEL.close && data[0] === CHANNEL.stdin) await keys.close()
      else if (channel === CHANNEL.resize) {
        const { Width: columns, Height: rows } = JSON.parse(new TextDecoder().decode(data)) as { Width: number; Height: number }
        size = { columns, rows }
        for (const listener of listeners) listener(size)
      }
    })
    .catch(() => undefined)
  // Says that the stream stands.
  void connection.send(isOn('stdout') ? CHANNEL.stdout : isOn('stderr') ? CHANNEL.stderr : CHANNEL.status, '')
  const status = await run({
    ...container,
    command: params.getAll('command'),
    tty: isOn('tty'),
    stdin,
    stdout,
    stderr: isOn('tty') ? stdout : output(CHANNEL.stderr, isOn('stderr')),
    onResize(listener) {
      listeners.push(listener)
      if (size) listener(size)
    },
    signal: connection.signal,
  }).then(exitStatus, failedStatus)
  void connection.send(CHANNEL.status, JSON.stringify(status))
  void keys.abort().catch(() => undefined)
  await connection.close()
}

/** The status of a command that ended. @see cri-streaming `remotecommand` */
function exitStatus(code: number): Partial<Status> {
  if (!Number.isInteger(code) || code < 0 || code > 255)
    return failedStatus(new RangeError(`an exit code must be an integer from 0 to 255, got ${code}`))
  if (code === 0) return { status: 'Success' }
  const message = `command terminated with non-zero exit code: exit status ${code}`
  return { status: 'Failure', message, reason: 'NonZeroExitCode', details: { causes: [{ reason: 'ExitCode', message: String(code) }] } }
}

function failedStatus(error: unknown): Partial<Status> {
  return failure(500, 'InternalError', `Internal error occurred: ${error instanceof Error ? error.message : String(error)}`, {})
}

/** The channels of a port. @see cri-streaming `portforward` */
const DATA = 0
const ERROR = 1

/** Connects a port with a client. */
async function servePort(
  connection: Connection,
  serve: NonNullable<FakeStreamHandlers['portForward']>,
  target: Pick<FakePort, 'namespace' | 'name' | 'port'>,
): Promise<void> {
  const { readable, writer } = connection.input()
  connection
    .receive(async (channel, data) => {
      if (channel === DATA && data.length > 0) await writer.write(data)
    })
    .catch(() => undefined)
  for (const channel of [DATA, ERROR]) void connection.send(channel, Uint8Array.of(target.port & 0xff, target.port >> 8))
  try {
    await serve({ ...target, readable, write: (data) => connection.send(DATA, data), signal: connection.signal })
  } catch (error) {
    void connection.send(ERROR, error instanceof Error ? error.message : String(error))
  }
  void writer.abort().catch(() => undefined)
  await connection.close()
}
