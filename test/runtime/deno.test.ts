import { describeRuntime } from './describe-runtime.ts'
import { deno } from './programs.ts'

describeRuntime(deno)
