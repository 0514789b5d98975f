// Forwards a port of this machine to pods. Each connection goes to a pod that is ready then, so it outlives the pods.
//
//   npm run build && node examples/port-forward.ts service/db postgres [--listen 5432] [--namespace shop] [--server …]
import { parseArgs } from 'node:util'
import { KubeClient } from 'kubeflect'
import { loadKubeconfig } from 'kubeflect/kubeconfig'
import { forwardPort } from 'kubeflect/local'

const option = { type: 'string' } as const
const options = { server: option, namespace: option, listen: { ...option, default: '0' } }
const { values, positionals } = parseArgs({ options, allowPositionals: true })
const [, kind, name = ''] = /^(pod|service|deployment)\/(.+)$/.exec(positionals[0] ?? '') ?? []
const port = positionals[1] ?? ''
const stop = new AbortController()
process.once('SIGINT', () => stop.abort())
const { signal } = stop

try {
  if (!kind || !port) throw new Error('usage: port-forward pod/NAME|service/NAME|deployment/NAME PORT, such as service/db postgres')
  await using config = values.server ? undefined : await loadKubeconfig()
  const client = new KubeClient(config ?? { baseUrl: values.server })
  await using forwarded = await forwardPort(client, {
    namespace: values.namespace ?? config?.namespace ?? 'default',
    target: kind === 'service' ? { service: name } : kind === 'deployment' ? { deployment: name } : { pod: name },
    port: /^\d+$/.test(port) ? Number(port) : port,
    listen: { port: Number(values.listen) },
    onConnection({ pod, closed }) {
      console.log(`connected to ${pod ?? 'no pod'}`)
      closed.catch((error: unknown) => signal.aborted || console.error(`${pod ?? 'no pod'}: ${error}`))
    },
    signal,
  })
  console.log(`${forwarded.hostname}:${forwarded.port}`)
  await forwarded.closed
} catch (error) {
  console.error(String(error))
  process.exitCode = 1
}
