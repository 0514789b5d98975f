// Serves continuously changing pods from its own process. The server stores only which event changed which pod, and recreates the text on
// demand, so that a watch can resume from any version however long the run. One event in twenty deletes a pod, and another one recreates it
// under the same name with a new uid.
//
// GET /api/v1/pods             a list
// GET /api/v1/pods?watch=true  the state if requested, then the events; ends after `timeoutSeconds`
// GET /go                      starts the changes
// GET /state                   the progress
// GET /stop                    stops the changes and returns the final state
// GET /                        an empty page, which gives a browser the same origin
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { entryFromText } from '../../src/codec/entry'
import { createRandom } from '../../src/testing/random'
import type { LoadKind } from '../load/collections'
import { objectText } from '../load/objects'
import { digestOf, type FinalState, type ServerState } from './texts'

const { kind, objects, rate } = JSON.parse(process.argv[2] ?? '{}') as { kind: LoadKind; objects: number; rate: number }
const TYPE_META = '"kind":"Pod","apiVersion":"v1"'
/** The part of a uid that differs between the lives of a pod. */
const THIRD_GROUP = /("uid":"[^"]{14})[^"]{4}/
const FIRST_VERSION = 1_000_000
const TICK_MS = 10
/** The number of events or items in one write. */
const BATCH = 64

/** The state of a pod at one moment; a pod that is recreated has another uid. */
interface Pod {
  readonly index: number
  readonly life: number
  readonly version: number
}

const texts = Array.from({ length: objects }, (_, index) => objectText(kind, index, false))
const pods = new Map(texts.map((_, index): [number, Pod] => [index, { index, life: 0, version: FIRST_VERSION + index }]))
const firstEvent = FIRST_VERSION + objects
const events: { readonly type: string; readonly pod: Pod }[] = []
const gone: Pod[] = []
const random = createRandom(1)
const waiting = new Set<() => void>()

function textOf({ index, life, version }: Pod, typeMeta = ''): string {
  const { head = '', tail = '' } = texts[index] ?? {}
  return `{${typeMeta}${head.slice(1).replace(THIRD_GROUP, `$1${4000 + (life % 1000)}`)}${version}${tail}`
}

const eventText = (type: string, pod: Pod) => `{"type":"${type}","object":${textOf(pod, `${TYPE_META},`)}}\n`
const resourceVersion = () => String(firstEvent + events.length)

/** Makes one event. */
function change(): void {
  const version = firstEvent + events.length + 1
  const back = events.length % 20 === 17 ? gone.shift() : undefined
  if (back) {
    const pod = { ...back, life: back.life + 1, version }
    pods.set(pod.index, pod)
    events.push({ type: 'ADDED', pod })
    return
  }
  let index = random.below(objects)
  while (!pods.has(index)) index = (index + 1) % objects
  const pod = { index, life: pods.get(index)?.life ?? 0, version }
  const deleted = events.length % 20 === 7
  if (deleted) {
    gone.push(pod)
    pods.delete(index)
  } else pods.set(index, pod)
  events.push({ type: deleted ? 'DELETED' : 'MODIFIED', pod })
}

let ticking: ReturnType<typeof setInterval> | undefined

function go(): void {
  if (ticking) return
  const start = performance.now() - (events.length * 1000) / rate
  ticking = setInterval(() => {
    const due = Math.floor(((performance.now() - start) * rate) / 1000)
    while (events.length < due) change()
    for (const wake of waiting) wake()
    waiting.clear()
  }, TICK_MS)
}

/** Writes the parts in batches, with backpressure. */
async function write(response: ServerResponse, parts: Iterable<string>): Promise<void> {
  let batch: string[] = []
  const flush = async () => {
    const taken = response.write(batch.join(''))
    batch = []
    // When the client disconnects, the rest is dropped.
    if (!taken) await once(response, 'drain')
  }
  for (const part of parts) {
    if (response.destroyed) return
    if (batch.push(part) === BATCH) await flush()
  }
  if (batch.length > 0) await flush()
}

function* initialEvents(state: readonly Pod[], version: string): Generator<string> {
  for (const pod of state) yield eventText('ADDED', pod)
  const annotations = '"annotations":{"k8s.io/initial-events-end":"true"}'
  yield `{"type":"BOOKMARK","object":{${TYPE_META},"metadata":{"resourceVersion":"${version}",${annotations}}}}\n`
}

function* list(state: readonly Pod[], version: string): Generator<string> {
  yield `{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"${version}"},"items":[`
  for (const [at, pod] of state.entries()) yield `${at ? ',' : ''}${textOf(pod)}`
  yield ']}\n'
}

async function watch(response: ServerResponse, parameters: URLSearchParams): Promise<void> {
  const ends = performance.now() + Number(parameters.get('timeoutSeconds') ?? 3600) * 1000
  let next = events.length
  if (parameters.get('sendInitialEvents') === 'true') await write(response, initialEvents([...pods.values()], resourceVersion()))
  else next = Number(parameters.get('resourceVersion')) - firstEvent
  while (!response.destroyed && performance.now() < ends) {
    if (next === events.length) await new Promise<void>((wake) => waiting.add(wake))
    const news = events.slice(next)
    next += news.length
    await write(
      response,
      news.map(({ type, pod }) => eventText(type, pod)),
    )
  }
}

const state = (): ServerState => ({ events: events.length, resourceVersion: resourceVersion() })

function* kept(): Generator<string> {
  const typeMeta = { kind: 'Pod', apiVersion: 'v1' }
  for (const pod of pods.values()) yield entryFromText(textOf(pod), { typeMeta }).text
}

const server = createServer(async ({ url = '/' }, response) => {
  const { pathname, searchParams } = new URL(url, 'http://soak')
  response.setHeader('Cache-Control', 'no-store')
  response.setHeader('Content-Type', pathname === '/' ? 'text/html' : 'application/json')
  if (pathname === '/') response.write('<!doctype html><title>soak</title>')
  else if (pathname === '/api/v1/pods') {
    if (searchParams.get('watch') === 'true') await watch(response, searchParams)
    else await write(response, list([...pods.values()], resourceVersion()))
  } else {
    if (pathname === '/go') go()
    if (pathname === '/stop') clearInterval(ticking)
    const final: FinalState | undefined = pathname === '/stop' ? { ...state(), objects: pods.size, digest: digestOf(kept()) } : undefined
    response.write(JSON.stringify(final ?? state()))
  }
  response.end()
})
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })))
// The parent process holds standard input open; end with it.
process.stdin.on('end', () => process.exit()).resume()
