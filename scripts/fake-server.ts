// Runs `kubeflect fake-server` from the sources of this checkout: node scripts/fake-server.ts [--help]
import { fileURLToPath } from 'node:url'
import { runnerImport } from 'vite'

// The sources import each other without extensions, which vite resolves.
const root = fileURLToPath(new URL('..', import.meta.url))
process.argv.splice(2, 0, 'fake-server')
await runnerImport(`${root}src/cli.ts`, { root, configFile: false, logLevel: 'error' })
