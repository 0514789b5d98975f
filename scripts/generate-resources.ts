// Writes src/resources from the OpenAPI of a real API server.
//
//   node scripts/generate-resources.ts                   from a cluster of its own, built with Go
//   node scripts/generate-resources.ts --server URL      from that of `kubectl proxy`, say
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { startCluster } from '../test/cluster/cluster.ts'
import { generateResources } from './generate/targets.ts'

const { server } = parseArgs({ options: { server: { type: 'string' } } }).values
for (const [path, text] of await (server ? generateResources(server) : generateFromOwnCluster())) {
  const file = join(import.meta.dirname, '../src/resources', path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  console.log(`src/resources/${path}: ${text.length} characters`)
}

async function generateFromOwnCluster(): Promise<Map<string, string>> {
  await using cluster = await startCluster()
  return await generateResources(cluster.proxyUrl)
}
