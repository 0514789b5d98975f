// Runs commands in containers: exec, attach, and a short form that collects the output.

import type { RequestOptions } from '../api/options'
import type { StreamClient } from '../http/handshake'
import { objectPath, PODS } from '../http/subresources'
import { upgrade } from '../http/upgrade'
import { systemClock } from '../internal/clock'
import type { Seams } from '../internal/seams'
import { V4, V5 } from './channels'
import { type ExecProcess, type InteractiveProcess, sizeMessage, startProcess, type TerminalSize } from './process'
import { DEFAULT_KEEP_ALIVE_MS } from './sender'

/** Identifies a container of a pod. */
export interface PodTarget extends Pick<RequestOptions, 'signal'>, Pick<Seams, 'clock'> {
  namespace: string
  /** The name of the pod. */
  name: string
  /** Required if the pod has several containers. */
  container?: string | undefined
}

/** Options of {@link attach}. */
export interface AttachOptions extends PodTarget {
  /** Whether to send an input; default false. */
  stdin?: boolean | undefined
  /** Whether to receive the output; default true. */
  stdout?: boolean | undefined
  /** Whether to receive stderr; default true, and false with a terminal, which has one output. */
  stderr?: boolean | undefined
  /** Whether the command gets a terminal, or the terminal's first size; default false. */
  tty?: TerminalSize | boolean | undefined
  /**
   * The number of unread bytes that each output holds; then the command waits. Default 1 MiB. Where the runtime cannot pause a connection
   * (Firefox, Safari, workerd, Deno without `--unstable-net`), more is a StreamOverflowError, and the default is 16 MiB.
   */
  maxUnread?: number | undefined
  /** The silence after which an empty message is sent, in milliseconds; 0 for never. Default 30,000: load balancers close silent connections. */
  keepAliveMs?: number | undefined
}

/** Options of {@link exec}. */
export interface ExecOptions extends AttachOptions {
  /** The program and its arguments. No shell is involved: `['sh', '-c', 'ls *.log']` uses one. */
  command: readonly string[]
}

/** The path of a subresource of a pod, below the base URL. */
export function podPath({ namespace, name }: Pick<PodTarget, 'namespace' | 'name'>, subresource: string): string {
  return objectPath(PODS, { namespace, name, subresource })
}

/**
 * Starts a command in a container. The stream is never reconnected, and closing it does not end the command.
 *
 * Needs the rights `get` and `create` on `pods/exec`.
 *
 * @throws TypeError for an empty command, an impossible combination of options, and in a page whose client impersonates; ApiError when the
 *   server refuses (400 no such container, 403, 404 no such pod); ConnectionError; the signal's reason when it is aborted.
 * @see client-go `remotecommand.NewWebSocketExecutor`, KEP-4006
 * @example
 * ```ts
 * await using shell = await exec(client, { namespace: 'shop', name: 'web-1', command: ['sh'], stdin: true, tty: { columns: 80, rows: 24 } })
 * const keys = shell.stdin.getWriter()
 * await keys.write('ls\n')
 * for await (const bytes of shell.stdout) draw(bytes)
 * ```
 */
export function exec(client: StreamClient, options: ExecOptions & { stdin: true }): Promise<InteractiveProcess>
export function exec(client: StreamClient, options: ExecOptions): Promise<ExecProcess>
export async function exec(client: StreamClient, options: ExecOptions): Promise<ExecProcess> {
  const { command } = options
  if (!Array.isArray(command) || command.length === 0 || command.some((part) => typeof part !== 'string'))
    throw new TypeError('exec: command must be a list of strings')
  return start(client, 'exec', options, command)
}

/**
 * Attaches to the main command of a container, and receives its output from now on. `exit` resolves when the command ends; the server does
 * not say its code, so it is 0. Closing the stream leaves the command running.
 *
 * Needs the rights `get` and `create` on `pods/attach`.
 *
 * @throws like {@link exec}.
 * @see client-go `remotecommand.NewWebSocketExecutor`, KEP-4006
 */
export function attach(client: StreamClient, options: AttachOptions & { stdin: true }): Promise<InteractiveProcess>
export function attach(client: StreamClient, options: AttachOptions): Promise<ExecProcess>
export function attach(client: StreamClient, options: AttachOptions): Promise<ExecProcess> {
  return start(client, 'attach', options, [])
}

async function start(
  client: StreamClient,
  subresource: 'exec' | 'attach',
  options: AttachOptions,
  command: readonly string[],
): Promise<ExecProcess> {
  const { stdin = false, stdout = true, tty = false, stderr = !tty, container } = options
  const { maxUnread, keepAliveMs = DEFAULT_KEEP_ALIVE_MS, signal, clock = systemClock } = options
  if (tty && stderr) throw new TypeError(`${subresource}: a terminal has no stderr`)
  if (!stdin && !stdout && !stderr) throw new TypeError(`${subresource}: needs stdin, stdout or stderr`)
  checkCount(maxUnread ?? 1, `${subresource}: maxUnread`, 1)
  checkCount(keepAliveMs, `${subresource}: keepAliveMs`, 0)
  if (typeof tty === 'object') sizeMessage(tty)
  const params = new URLSearchParams(command.map((part) => ['command', part]))
  if (container !== undefined) params.set('container', container)
  for (const [name, value] of Object.entries({ stdin, stdout, stderr, tty })) if (value) params.set(name, 'true')
  const path = podPath(options, subresource)
  const socket = await upgrade(client, { path, params, subresource, protocols: [V5, V4], signal })
  const request = { method: 'GET', url: `${client.baseUrl}/${path}` }
  return startProcess(socket, { request, stdout, stderr, tty, maxUnread, keepAliveMs, signal, clock })
}

/** @throws RangeError unless an option is an integer of at least `minimum`. */
export function checkCount(value: number, what: string, minimum: number): void {
  if (!Number.isSafeInteger(value) || value < minimum) throw new RangeError(`${what} must be an integer from ${minimum}, got ${value}`)
}
