// The container logs of the fake server.

import type { KubeObject } from '../api/object'
import type { Clock } from '../internal/clock'
import { badRequest, errorOf } from '../watch-cache/failures'
import { statusResponse } from '../watch-cache/protocol'
import { textStream } from '../watch-cache/text-stream'

/** A container of a pod. */
export interface ContainerReference {
  readonly namespace: string
  readonly name: string
  readonly container: string
}

/** One run of a container: its lines, and whether it has ended. */
interface Run {
  readonly lines: { readonly timeMs: number; readonly text: string }[]
  isOver: boolean
  /** Called when more lines arrive, or the run ends. */
  readonly waiting: Set<() => void>
}

/** The logs of containers, stored and served like those of a kubelet. */
export class PodLogs {
  readonly #clock: Clock
  readonly #runs = new Map<string, Run[]>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Writes lines now; after {@link end}, as the first lines of the container's next run. */
  append(container: ContainerReference, lines: readonly string[]): void {
    const run = this.#runOf(container, 'begin')
    for (const text of lines) run.lines.push({ timeMs: this.#clock.now(), text })
    for (const wake of run.waiting) wake()
  }

  /** Ends the run of a container, and the streams that follow it. */
  end(container: ContainerReference): void {
    const run = this.#runOf(container, 'keep')
    run.isOver = true
    for (const wake of run.waiting) wake()
  }

  /** Returns the latest run; starts the next one when that has ended and `over` is `'begin'`. */
  #runOf(container: ContainerReference, over: 'begin' | 'keep'): Run {
    const runs = this.#runsOf(container)
    const latest = runs.at(-1)
    if (latest && !(latest.isOver && over === 'begin')) return latest
    const run: Run = { lines: [], isOver: false, waiting: new Set() }
    runs.push(run)
    return run
  }

  #runsOf({ namespace, name, container }: ContainerReference): Run[] {
    const key = `${namespace}/${name}/${container}`
    const runs = this.#runs.get(key) ?? []
    this.#runs.set(key, runs)
    return runs
  }

  /** Serves a container's log. Supports the query parameters of the API server and the kubelet. */
  serve(container: ContainerReference, request: Request): Response {
    const params = new URL(request.url).searchParams
    const isOn = (name: string) => params.get(name) === 'true'
    const run = isOn('previous') ? this.#runsOf(container).at(-2) : this.#runOf(container, 'keep')
    if (!run)
      return statusResponse(
        badRequest(
          `previous terminated container ${JSON.stringify(container.container)} in pod ${JSON.stringify(container.name)} not found`,
        ),
      )
    const { lines } = run
    const sinceMs = sinceOf(params, this.#clock.now())
    const tail = params.get('tailLines')
    let next = Math.max(0, tail === null ? 0 : lines.length - Number(tail))
    let left = params.has('limitBytes') ? Number(params.get('limitBytes')) : Number.POSITIVE_INFINITY
    const print = ({ timeMs, text }: Run['lines'][number]) => {
      const line = `${isOn('timestamps') ? `${new Date(timeMs).toISOString().slice(0, -1)}000000Z ` : ''}${text}\n`.slice(0, left)
      left -= line.length
      return line
    }
    let wake = () => {}
    const hasMore = () => isOn('follow') && !run.isOver && left > 0
    const source = {
      async next() {
        while (next >= lines.length && hasMore()) {
          await new Promise<void>((resolve) => {
            wake = resolve
            run.waiting.add(resolve)
          })
          run.waiting.delete(wake)
        }
        const ready = lines.slice(next).filter(({ timeMs }) => timeMs >= sinceMs)
        const isEnd = next >= lines.length || left <= 0
        next = lines.length
        return isEnd ? undefined : ready.map(print)[Symbol.iterator]()
      },
      cancel() {
        left = 0
        wake()
      },
    }
    return new Response(textStream(source, request), { headers: { 'content-type': 'text/plain' } })
  }
}

/** Returns the container of a log request. @throws ApiError 400 when the request must name one, or names an unknown one */
export function containerOf(pod: KubeObject, request: Request): ContainerReference {
  const { name = '', namespace = '' } = pod.metadata
  const names =
    (pod as KubeObject & { spec?: { containers?: { name: string }[] } }).spec?.containers?.map((container) => container.name) ?? []
  const container = new URL(request.url).searchParams.get('container') ?? (names.length === 1 ? names[0] : undefined)
  if (container !== undefined && names.includes(container)) return { name, namespace, container }
  const message =
    container === undefined
      ? `a container name must be specified for pod ${name}, choose one of: [${names.join(' ')}]`
      : `container ${container} is not valid for pod ${name}`
  throw errorOf(badRequest(message), request)
}

// The API server passes times to the kubelet in whole seconds.
function sinceOf(params: URLSearchParams, nowMs: number): number {
  const [seconds, time] = [params.get('sinceSeconds'), params.get('sinceTime')]
  if (time !== null) return Math.floor(Date.parse(time) / 1000) * 1000
  return seconds === null ? Number.NEGATIVE_INFINITY : nowMs - Number(seconds) * 1000
}
