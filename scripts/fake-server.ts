// A Kubernetes API server in memory on a port of this machine, for kubectl and the playground; ends with Ctrl-C or SIGTERM.
//
//   node scripts/fake-server.ts [--port 8001] [--pods 100] [--rate 10]
//
// --pods: how many pods there are; --rate: how many changes there are per second.
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runnerImport } from 'vite'
import { serve } from '../test/support/http.ts'

const { values } = parseArgs({
  options: { port: { type: 'string', default: '8001' }, pods: { type: 'string', default: '100' }, rate: { type: 'string', default: '10' } },
})
const [port, pods, rate] = [values.port, values.pods, values.rate].map((value) => {
  if (!/^\d+$/.test(value)) throw new TypeError(`--port, --pods and --rate are whole numbers, ${value} is none`)
  return Number(value)
}) as [number, number, number]

// The sources name each other without extensions: vite reads them.
const root = fileURLToPath(new URL('..', import.meta.url))
const { module } = await runnerImport<typeof import('../src/testing.ts')>(`${root}src/testing.ts`, {
  root,
  configFile: false,
  logLevel: 'error',
})
const { FakeApiServer, podFixture } = module

const server = new FakeApiServer({ resourceVersion: 1000 })
const podResource = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', scope: 'Namespaced' } as const
for (let index = 0; index < pods; index++)
  server.create(podResource, podFixture(index, { namespace: index % 3 ? 'default' : 'kube-system' }))
const churn = server.churn({ changesPerSecond: rate })
const { url, close } = await serve(server.fetch, { port })
console.log(url)

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    churn.stop()
    void close()
  })
}
