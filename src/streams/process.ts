// A command in a container, over one socket.

import { ConnectionError } from '../api/errors'
import type { Status } from '../api/object'
import { listen } from '../internal/listen'
import type { Socket } from '../socket/socket'
import { CHANNEL, exitCodeOf, statusIn, V5 } from './channels'
import { CommandError } from './errors'
import { createInflow, type Inflow, receive, unreadLimit } from './inflow'
import { type ConnectionOptions, createSender } from './sender'

/** The size of a terminal, in characters. */
export interface TerminalSize {
  readonly columns: number
  readonly rows: number
}

/** A command that runs in a container. Closing the stream does not end the command. */
export interface ExecProcess extends AsyncDisposable {
  /** Bytes that the command writes; with a terminal, stderr as well. Read it or cancel it: a command waits while it is full. */
  readonly stdout: ReadableStream<Uint8Array>
  /** Bytes that the command writes to stderr; empty with a terminal. Read it or cancel it. */
  readonly stderr: ReadableStream<Uint8Array>
  /**
   * Resolves with the exit code when the command ends; any code is a result. Rejects with a CommandError when the server reports a failure
   * without a code; with a ConnectionError when the stream ended without a status, so that the command may still run; with a
   * StreamOverflowError when an output was not read; with the signal's reason after an abort.
   */
  readonly exit: Promise<{ readonly code: number; readonly status: Status }>
  /**
   * Tells a terminal's size.
   *
   * @throws TypeError without `tty`, or unless the size consists of positive integers below 65,536.
   */
  resize(size: TerminalSize): Promise<void>
  /** Closes the stream; the command may run on. `exit` rejects unless it has settled. Idempotent. */
  close(): Promise<void>
}

/** A command with an input. */
export interface InteractiveProcess extends ExecProcess {
  /**
   * Bytes or text for the command. Writing resolves when less than 1 MiB waits in the runtime. Closing ends the input, which needs
   * Kubernetes 1.30; an older server offers no way, and closing rejects.
   */
  readonly stdin: WritableStream<Uint8Array | string>
}

/** The length of a status from which no more is read, in characters. */
const MAX_STATUS = 1024 * 1024

/** The options of {@link startProcess}. */
export interface ProcessOptions extends ConnectionOptions {
  readonly stdout: boolean
  readonly stderr: boolean
  readonly tty: TerminalSize | boolean
}

/** Runs the protocol of exec and attach on a socket. */
export function startProcess(socket: Socket, options: ProcessOptions): InteractiveProcess {
  const { request, tty, signal, clock } = options
  const limit = unreadLimit(socket, options.maxUnread)
  const stdout = createInflow('stdout', limit)
  const stderr = createInflow('stderr', limit)
  const streams = [stdout, stderr] as const
  const encoder = new TextEncoder()
  const decoder = new TextDecoder()
  const sender = createSender(socket, options)
  let isOver = false
  let text = ''
  let status: Status | undefined
  let stdinController: WritableStreamDefaultController
  let settle: (exit: { code: number; status: Status }) => void
  let reject: (error: unknown) => void
  const exit = new Promise<{ code: number; status: Status }>((...settlers) => {
    ;[settle, reject] = settlers
  })
  // A caller that only reads the output need not handle it.
  exit.catch(() => {})

  /** Ends everything. The first call decides. */
  const end = (error?: unknown, breaksStreams = false): void => {
    if (isOver) return
    isOver = true
    unlisten()
    sender.close()
    for (const stream of streams) stream.end(breaksStreams ? error : undefined)
    stdinController.error(error ?? new Error('ended'))
    const code = status && exitCodeOf(status)
    if (error !== undefined) reject(error)
    else if (!status) reject(new ConnectionError(request, undefined, 'connection lost; the command may still run'))
    else if (code === undefined) reject(new CommandError(status))
    else settle({ code, status })
  }
  const onMessage = (message: Uint8Array): Inflow | undefined => {
    const data = message.subarray(1)
    // The message that says that the stream stands has no data.
    const stream = streams[(message[0] ?? 0) - 1]
    stream?.push(data)
    if (message[0] === CHANNEL.status && text.length < MAX_STATUS) {
      text += decoder.decode(data, { stream: true })
      status = statusIn(text)
    }
    // The status is the last message. The server closes the connection after it, whatever the outcome.
    if (status) end()
    return stream
  }
  const stdin = new WritableStream<Uint8Array | string>({
    start(controller) {
      stdinController = controller
    },
    async write(chunk) {
      const bytes = typeof chunk === 'string' ? encoder.encode(chunk) : chunk
      try {
        await sender.write(CHANNEL.stdin, bytes)
      } catch (error) {
        // The connection is closing, and what is still to be read says why.
        await exit
        throw error
      }
    },
    async close() {
      if (socket.protocol !== V5)
        throw new TypeError(`stdin: ${socket.protocol} cannot end the input; use a command that needs no end, or Kubernetes 1.30`)
      await sender.write(CHANNEL.close, Uint8Array.of(CHANNEL.stdin))
    },
  })
  const resize = async (size: TerminalSize): Promise<void> => {
    if (!tty) throw new TypeError('resize: start the command with `tty`')
    await sender.write(CHANNEL.resize, encoder.encode(sizeMessage(size)))
  }
  const close = async (): Promise<void> => end(new DOMException('the stream was closed', 'AbortError'))

  const unlisten = listen(signal, 'abort', () => end(signal?.reason))
  if (!options.stdout) stdout.end()
  if (!options.stderr) stderr.end()
  if (typeof tty === 'object') resize(tty).catch(() => {})
  receive(socket, onMessage, clock).then(
    () => end(),
    (error: unknown) => end(error, true),
  )
  if (signal?.aborted) end(signal.reason)
  return {
    stdin,
    stdout: stdout.readable,
    stderr: stderr.readable,
    exit,
    resize,
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Encodes a terminal size. @throws TypeError unless it consists of positive integers below 65,536. */
export function sizeMessage({ columns, rows }: TerminalSize): string {
  for (const value of [columns, rows])
    if (!(Number.isInteger(value) && value > 0 && value < 65_536))
      throw new TypeError(`columns and rows must be from 1 to 65,535, got ${value}`)
  return JSON.stringify({ Width: columns, Height: rows })
}
