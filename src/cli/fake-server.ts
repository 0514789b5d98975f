// The command `fake-server`: serves a Kubernetes API server in memory.

import { KubeError } from '../api/errors'
import type { KubeObject } from '../api/object'
import type { StandaloneOptions } from '../testing/standalone'
import type { Host, OptionConfig } from './host'
import type { RunningServer } from './listen'
import { parseOptions, severalOf } from './options'
import { UsageError } from './usage-error'

/** The help text of the command. */
export const fakeServerUsage = `Usage: kubeflect fake-server [--port <number>] [--objects <file>]… [--pods <number>] [--rate <number>] [--allow-origin <origin>]…

Runs an in-memory Kubernetes API server on a local port until Ctrl-C or SIGTERM. It requires no credentials:
kubectl --server http://127.0.0.1:8001 get pods

  --port <number>          The port. Default: 8001; 0 selects any free port.
  --objects <file>         A JSON file with initial objects: one object, a list or an array. Repeatable. Custom resource
                           definitions are loaded first, regardless of the order.
  --pods <number>          The number of generated pods. Default: 100, or 0 with --objects.
  --rate <number>          The number of pod changes per second. Default: 10, or 0 without pods.
  --allow-origin <origin>  Allow pages of this origin, such as http://localhost:5173, to read and write. Repeatable.
  --help                   Print this help.`

const options: Readonly<Record<string, OptionConfig>> = {
  port: { type: 'string' },
  objects: { type: 'string', multiple: true },
  pods: { type: 'string' },
  rate: { type: 'string' },
  'allow-origin': { type: 'string', multiple: true },
}

const DEFAULT_PORT = 8001
const MAX_PORT = 65_535
// A pod has about 7 kB.
const MAX_PODS = 200_000
const MAX_RATE = 100_000

/**
 * Creates a server with the objects and listens on this machine.
 *
 * @throws KubeError when the port is in use or an object cannot be created.
 */
export type ServeFake = (options: StandaloneOptions, port: number) => Promise<RunningServer>

/**
 * Serves until the process receives SIGINT or SIGTERM.
 *
 * @param args after `fake-server`.
 * @throws UsageError for invalid arguments; KubeError when a file cannot be read, or the server cannot start.
 */
export async function fakeServer(args: readonly string[], host: Host, serve: ServeFake): Promise<void> {
  const { port, files, ...choice } = parse(args, host)
  const objects = (await Promise.all(files.map((file) => readObjects(file, host)))).flat()
  const server = await serve({ ...choice, objects: definitionsFirst(objects) }, port)
  host.print(server.url)
  await server.closed
}

interface Parsed extends Omit<StandaloneOptions, 'objects'> {
  readonly port: number
  readonly files: readonly string[]
}

function parse(args: readonly string[], host: Host): Parsed {
  const values = parseOptions(args, host, { options, usage: fakeServerUsage })
  const number = (name: string, fallback: number, max: number) => {
    const text = values[name]
    if (text === undefined) return fallback
    if (typeof text === 'string' && /^\d{1,6}$/.test(text) && Number(text) <= max) return Number(text)
    throw new UsageError(`--${name} must be a whole number from 0 to ${max}, got ${JSON.stringify(text)}`, fakeServerUsage)
  }
  const files = severalOf(values, 'objects')
  const pods = number('pods', files.length > 0 ? 0 : 100, MAX_PODS)
  const allowedOrigins = severalOf(values, 'allow-origin').map(originOf)
  const rate = number('rate', pods > 0 ? 10 : 0, MAX_RATE)
  return { port: number('port', DEFAULT_PORT, MAX_PORT), files, pods, rate, allowedOrigins }
}

function originOf(text: string): string {
  if (text === '*' || (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).origin === text)) return text
  throw new UsageError(`--allow-origin must be an origin such as http://localhost:5173, got ${JSON.stringify(text)}`, fakeServerUsage)
}

async function readObjects(file: string, host: Host): Promise<KubeObject[]> {
  const text = await host.readFile(file)
  if (text === undefined) throw new KubeError(`--objects: the file ${file} does not exist`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    const advice = 'kubectl writes YAML as JSON: kubectl create --dry-run=client -o json -f objects.yaml'
    throw new KubeError(`--objects: ${file} is not JSON: ${(cause as Error).message}. ${advice}`, { cause })
  }
  const items = Array.isArray(value) ? value : isList(value) ? value.items : [value]
  return items.map((item, index) => {
    if (isObject(item)) return item
    throw new KubeError(`--objects: item ${index} of ${file} is not a Kubernetes object: it needs kind, apiVersion and metadata`)
  })
}

function isList(value: unknown): value is { items: unknown[] } {
  return typeof value === 'object' && value !== null && 'items' in value && Array.isArray(value.items)
}

function isObject(value: unknown): value is KubeObject {
  const { kind, apiVersion, metadata } = (value ?? {}) as Partial<KubeObject>
  return typeof kind === 'string' && typeof apiVersion === 'string' && typeof metadata === 'object' && metadata !== null
}

function definitionsFirst(objects: readonly KubeObject[]): KubeObject[] {
  const isDefinition = ({ kind }: KubeObject) => Number(kind === 'CustomResourceDefinition')
  return [...objects].sort((a, b) => isDefinition(b) - isDefinition(a))
}
