// Runs in a process of its own, of Node, Deno or Bun.
import { measure } from './main'
import { report } from './report'

await report(measure)
