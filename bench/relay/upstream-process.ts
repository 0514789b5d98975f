// A fake API server with many pods, in a process of its own. Prints its URL; answers each message with the number of lists since the last one.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Pod } from 'kubeflect/resources/core/v1'
import { FakeApiServer, nodeListener, podFixture } from 'kubeflect/testing'

const [count = '10000'] = process.argv.slice(2)
const api = new FakeApiServer()
for (let index = 0; index < Number(count); index++) api.create(Pod, podFixture(index))
const server = createServer(nodeListener(api.fetch))
server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
process.on('message', () => {
  process.send?.(api.requests.filter(({ verb, resource }) => verb === 'list' && resource === 'pods').length)
  api.forgetRequests()
})
process.on('disconnect', () => process.exit(0))
