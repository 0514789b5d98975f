import { DatabaseSync } from 'node:sqlite'
import { denoKvPersister } from 'kubeflect/deno-kv'
import { runProgram } from './program.ts'
import { sqliteStorage } from './sqlite-storage.ts'

await runProgram(Deno.args, (makePath) => ({
  'node:sqlite': sqliteStorage(makePath, (file) => new DatabaseSync(file)),
  'Deno KV': async () => {
    const kv = await Deno.openKv(makePath())
    return { open: () => denoKvPersister(kv), close: () => kv.close() }
  },
}))
