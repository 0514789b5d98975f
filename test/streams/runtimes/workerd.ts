// Runs the cases of streams in workerd, for a POST with the target as JSON.

import { type CaseResult, runCases } from '../../runtime/run-cases.ts'
import { CASE_TIMEOUT_MS, type CaseTarget, type StreamStage, streamCasesOf } from '../runtime-cases.ts'

// biome-ignore lint/style/noDefaultExport: workerd calls the handlers of the default export.
export default {
  async fetch(request: Request): Promise<Response> {
    const { baseUrl, ...target } = (await request.json()) as CaseTarget & { baseUrl: string }
    const results: CaseResult[] = []
    const stage: StreamStage = { ...target, connect: async () => ({ baseUrl }) }
    await runCases(streamCasesOf(target), stage, (result) => results.push(result), CASE_TIMEOUT_MS)
    return Response.json(results)
  },
}
