import { memoryPersister } from 'kubeflect'
import type { MakeStorage } from '../stage.ts'

/** A storage every runtime has. */
export const memoryStorage: MakeStorage = async () => {
  const storage = new Map()
  return { open: () => memoryPersister(storage), close() {} }
}
