// Vite’s configuration of the playground.
import { fileURLToPath } from 'node:url'
import { defineConfig, runnerImport } from 'vite'

// The sources import each other without extensions, which Vite resolves and Node does not.
const { module } = await runnerImport<typeof import('./server/config.ts')>(fileURLToPath(new URL('server/config.ts', import.meta.url)), {
  configFile: false,
  logLevel: 'error',
})

const { chooseCluster, playgroundConfig } = module
const { KUBEFLECT_SERVER: server, KUBEFLECT_RELAY: relay, PORT: port = '5173' } = process.env

export default defineConfig(playgroundConfig(chooseCluster({ server, relayed: Boolean(relay) }), { port: Number(port) }))
