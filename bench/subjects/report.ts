import process from 'node:process'
import type { Subject, Task } from './task'

/** Measures the task in the process's first argument, prints what was found as one line of JSON, and waits to be told to end. */
export async function report(measure: Subject): Promise<void> {
  const metrics = await measure(JSON.parse(process.argv[2] ?? '{}') as Task)
  console.log(JSON.stringify(metrics))
  // Whoever reads that line looks at this process's memory before it ends.
  process.stdin.on('end', () => process.exit()).resume()
}
