import { describeRuntime } from './describe-runtime.ts'
import { newerNode } from './programs.ts'

describeRuntime(newerNode)
