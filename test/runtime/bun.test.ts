import { describeRuntime } from './describe-runtime.ts'
import { bun } from './programs.ts'

describeRuntime(bun)
