import { casesOf } from '../cases.ts'
import { clusterCasesOf } from '../cluster-cases.ts'
import { runCases } from '../run-cases.ts'
import type { Stage, Storages } from '../stage.ts'
import { memoryStorage } from './memory-storage.ts'

/** Where the cases run: what a program is given as its second argument, as JSON. */
export type Target = Pick<Stage, 'origin' | 'kubeconfigs'>

/**
 * What a runtime that is a program does: it runs the cases, and writes each result to its output as a line of JSON.
 *
 * @param args an empty folder, and the {@link Target}.
 * @param own the runtime's own storages, given a maker of paths where nothing is yet.
 */
export async function runProgram(
  [folder = '', target = '{}']: readonly string[],
  own: (makePath: () => string) => Storages,
): Promise<void> {
  let paths = 0
  const storages = { memory: memoryStorage, ...own(() => `${folder}/${paths++}`) }
  const stage: Stage = { ...(JSON.parse(target) as Target), storages }
  const names = Object.keys(storages)
  const cases = stage.origin === '' ? clusterCasesOf(Object.keys(stage.kubeconfigs), names) : casesOf(names)
  await runCases(cases, stage, (result) => console.log(JSON.stringify(result)))
}
