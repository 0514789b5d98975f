import { collections } from '../load/collections.ts'
import type { LoadOptions } from '../load/frames.ts'
import type { Metrics, Task } from '../subjects/task.ts'
import { startLoad, startProxy } from './load.ts'
import { gather, type MeasuredGroup } from './results.ts'
import type { Measure, Runtime } from './subject.ts'

/** One row to measure: who, where, and what it is told besides the load. */
export interface Row {
  readonly name: string
  readonly runtime: Runtime
  readonly measure: Measure
  readonly task: Pick<Task, 'subject'> & Partial<Task>
  /** Whether it goes through `kubectl proxy`, as pages do that run on somebody's own machine. */
  readonly proxied?: boolean
}

/** Rows that get the same load. */
export interface Group {
  readonly title: string
  readonly load: LoadOptions
  readonly rows: readonly Row[]
}

/**
 * Measures every row so many times, in turn: whatever else the machine does meanwhile happens to all of them. Each round begins with
 * another row.
 *
 * @throws what a row throws: a figure that is not to be had is not left out in silence.
 */
export async function measureGroup({ title, load, rows }: Group, rounds: number): Promise<MeasuredGroup> {
  await using server = await startLoad(load)
  const { path } = collections[load.kind]
  const { url, lastVersion, objectBytes, keptBytes, eventBytes } = server
  await using proxy = rows.some(({ proxied }) => proxied) ? await startProxy(server.url) : undefined
  const facts = {
    url,
    lastVersion,
    objectBytes,
    keptBytes,
    eventBytes,
    kind: load.kind,
    path,
    objects: load.objects,
    events: load.events ?? 0,
  }
  const measured = rows.map((): Metrics[] => [])
  for (let round = 0; round < rounds; round++) {
    for (let n = 0; n < rows.length; n++) {
      const index = (n + round) % rows.length
      const row = rows[index]
      if (!row) continue
      const metrics = await row.measure({ ...facts, ...(row.proxied && proxy && { url: proxy.url }), ...row.task })
      measured[index]?.push({ ...metrics, ...perUnit(metrics, facts), objectBytes, keptBytes })
      progress(`${title}: ${row.name} (${row.runtime}), round ${round + 1} of ${rounds}`)
    }
  }
  progress('')
  return { title, rows: rows.map(({ name, runtime }, index) => ({ name, runtime, metrics: gather(measured[index] ?? []) })) }
}

/** Time of the processor by what it was for, so that loads of different sizes can be compared: they are not measured in turn. */
function perUnit({ listCpuMs, watchCpuMs }: Metrics, { objects, events }: Pick<Task, 'objects' | 'events'>): Metrics {
  return {
    ...(listCpuMs !== undefined && { listCpuPerObjectUs: (listCpuMs * 1000) / objects }),
    ...(watchCpuMs !== undefined && { watchCpuPerEventUs: (watchCpuMs * 1000) / events }),
  }
}

/** Says on the terminal how far it is, in one line that is written over. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}
