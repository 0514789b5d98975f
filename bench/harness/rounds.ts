// Measures the rows of a table in rounds.
import { collections } from '../load/collections.ts'
import type { LoadOptions } from '../load/frames.ts'
import type { Metrics, Task } from '../subjects/task.ts'
import { startLoad, startProxy } from './load.ts'
import { gather, type MeasuredGroup } from './results.ts'
import type { Measure, Runtime } from './subject.ts'

/** A row to measure: the subject, its runtime and its options. */
export interface Row {
  readonly name: string
  readonly runtime: Runtime
  readonly measure: Measure
  readonly task: Pick<Task, 'subject'> & Partial<Task>
  /** Whether the requests pass through `kubectl proxy`, as for pages on a developer's machine. */
  readonly proxied?: boolean
}

/** Rows with the same load. */
export interface Group {
  readonly title: string
  readonly load: LoadOptions
  readonly rows: readonly Row[]
}

/**
 * Measures every row in each round, so that other work on the machine affects all rows alike. Each round starts with another row.
 *
 * @throws the error of a row: a missing figure is never dropped silently.
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

/** Divides CPU time by the number of objects or events, so that loads of different sizes can be compared. */
function perUnit({ listCpuMs, watchCpuMs }: Metrics, { objects, events }: Pick<Task, 'objects' | 'events'>): Metrics {
  return {
    ...(listCpuMs !== undefined && { listCpuPerObjectUs: (listCpuMs * 1000) / objects }),
    ...(watchCpuMs !== undefined && { watchCpuPerEventUs: (watchCpuMs * 1000) / events }),
  }
}

/** Shows the progress on one terminal line. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}
