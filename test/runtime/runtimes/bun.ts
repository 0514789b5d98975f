import { Database } from 'bun:sqlite'
import { runProgram } from './program.ts'
import { sqliteStorage } from './sqlite-storage.ts'

await runProgram(process.argv.slice(2), (makePath) => ({ 'bun:sqlite': sqliteStorage(makePath, (file) => new Database(file)) }))
