// Runs in its own process of Node, Deno or Bun.
import { measure } from './main'
import { report } from './report'

await report(measure)
