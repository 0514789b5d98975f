// Writes src/resources from the OpenAPI of a real API server.
//
//   node scripts/generate-resources.ts                   from a temporary cluster, built with Go
//   node scripts/generate-resources.ts --server URL      from another server, such as `kubectl proxy`; it must have no custom resources
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runnerImport } from 'vite'
import { startCluster } from '../test/cluster/cluster.ts'

// The sources import each other without extensions, which vite resolves.
const root = fileURLToPath(new URL('..', import.meta.url))
const { module } = await runnerImport<typeof import('./generate/resources.ts')>(`${root}scripts/generate/resources.ts`, {
  root,
  configFile: false,
  logLevel: 'error',
})
const { apiServerFlags, generateResources } = module

const { server } = parseArgs({ options: { server: { type: 'string' } } }).values
const modules = await (server ? generateResources(server) : generateFromOwnCluster())
rmSync(join(root, 'src/resources'), { recursive: true, force: true })
for (const { path, text } of modules) {
  const file = join(root, 'src/resources', path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  console.log(`src/resources/${path}: ${text.length} characters`)
}

async function generateFromOwnCluster(): ReturnType<typeof generateResources> {
  await using cluster = await startCluster({ apiServerFlags })
  return await generateResources(cluster.proxyUrl)
}
