// Runs one measurement in a process and prints the result.

import process from 'node:process'
import type { Subject, Task } from './task'

/** Measures the task in the first argument, prints the result as one line of JSON, and waits for the signal to end. */
export async function report(measure: Subject): Promise<void> {
  const metrics = await measure(JSON.parse(process.argv[2] ?? '{}') as Task)
  console.log(JSON.stringify(metrics))
  // The parent reads this process's memory before it lets it end.
  process.stdin.on('end', () => process.exit()).resume()
}
