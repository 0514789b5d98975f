// Runs the cases of streams in a page of Chromium.

import { KubeClient } from 'kubeflect'
import { runCommand } from 'kubeflect/streams'
import { type CaseResult, runCases } from '../../runtime/run-cases.ts'
import { CASE_TIMEOUT_MS, type CaseTarget, type StreamStage, streamCasesOf } from '../runtime-cases.ts'

/** Runs one case through the `kubectl proxy` that the page came from. */
export async function run({ title, ...target }: CaseTarget & { title: string }, memory: () => Promise<number>): Promise<CaseResult[]> {
  // As in Firefox and Safari.
  if (!target.hasBackpressure) Reflect.deleteProperty(globalThis, 'WebSocketStream')
  const results: CaseResult[] = []
  const stage: StreamStage = { ...target, memory, connect: async () => ({ baseUrl: location.origin }) }
  const cases = streamCasesOf(target).filter((one) => one.title === title)
  await runCases(cases, stage, (result) => results.push(result), CASE_TIMEOUT_MS)
  return results
}

/** Runs a command at the API server itself, with a token in a subprotocol. */
export async function runWithToken(options: { baseUrl: string; token: string; namespace: string; name: string }): Promise<unknown> {
  const { baseUrl, token, namespace, name } = options
  return runCommand(new KubeClient({ baseUrl, token }), { namespace, name, command: ['echo', 'hello'] })
}
