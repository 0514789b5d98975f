// Runs the cases of streams in Node, Bun and Deno. Writes each result to the output as a line of JSON.

import process from 'node:process'
import { loadKubeconfig } from 'kubeflect/kubeconfig'
import { runCases } from '../../runtime/run-cases.ts'
import { localCasesOf } from '../local-cases.ts'
import { CASE_TIMEOUT_MS, type CaseTarget, type StreamStage, streamCasesOf } from '../runtime-cases.ts'

/** What the program is given as its last argument, as JSON. */
export interface StreamTarget extends CaseTarget {
  /** A kubeconfig, for a connection over TLS. */
  readonly kubeconfig?: string
  /** The URL of `kubectl proxy`, without a kubeconfig. */
  readonly baseUrl?: string
}

const { kubeconfig, baseUrl, ...target } = JSON.parse(process.argv.at(-1) ?? '') as StreamTarget
const stage: StreamStage = {
  ...target,
  connect: async () => (kubeconfig ? await loadKubeconfig({ path: kubeconfig }) : { baseUrl }),
  memory: async () => {
    ;(globalThis as { gc?: () => void }).gc?.()
    return process.memoryUsage().rss / 1_000_000
  },
}
await runCases(
  [...streamCasesOf(stage), ...localCasesOf(stage.pods)],
  stage,
  (result) => console.log(JSON.stringify(result)),
  CASE_TIMEOUT_MS,
)
