import { idbPersister } from 'kubeflect/idb'
import { casesOf } from '../cases.ts'
import { type CaseResult, runCases } from '../run-cases.ts'
import { memoryStorage } from './memory-storage.ts'

let databases = 0

/** Runs the cases against the host the page came from. */
export async function run(): Promise<CaseResult[]> {
  const storages = {
    memory: memoryStorage,
    IndexedDB: async () => {
      const database = `cases-${databases++}`
      return { open: () => idbPersister({ database }), close() {} }
    },
  }
  const results: CaseResult[] = []
  const stage = { origin: location.origin, kubeconfigs: {}, storages }
  await runCases(casesOf(Object.keys(storages)), stage, (result) => results.push(result))
  return results
}
