import { DatabaseSync } from 'node:sqlite'
import { runProgram } from './program.ts'
import { sqliteStorage } from './sqlite-storage.ts'

await runProgram(process.argv.slice(2), (makePath) => ({ 'node:sqlite': sqliteStorage(makePath, (file) => new DatabaseSync(file)) }))
