import { describeRuntime } from './describe-runtime.ts'
import { olderNode } from './programs.ts'

describeRuntime(olderNode())
