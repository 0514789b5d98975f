// A relay on Cloudflare: one watch of each resource in a Durable Object, any number of clients.
// kubectl --server https://<your worker> --token <a token of the cluster> get pods --watch
import { RelayObject, relayWorker } from 'kubeflect/cloudflare'
import { Deployment } from 'kubeflect/resources/apps/v1'
import { Pod } from 'kubeflect/resources/core/v1'

interface Env {
  /** The URL of the API server. */
  readonly API_SERVER: string
  /** A token that may list and watch the resources. A secret: `wrangler secret put RELAY_TOKEN`. */
  readonly RELAY_TOKEN?: string
  readonly RELAY: DurableObjectNamespace
}

type DurableObjectNamespace = ReturnType<Parameters<typeof relayWorker<Env>>[0]['objects']>

export class KubeRelay extends RelayObject<Env> {
  readonly relayOptions = ({ API_SERVER, RELAY_TOKEN, RELAY }: Env) => ({
    client: { baseUrl: API_SERVER, ...(RELAY_TOKEN && { token: RELAY_TOKEN }) },
    resources: [Pod, Deployment],
    objects: RELAY,
  })
}

// With leaves: 0 the root serves all clients itself. Use one leaf for every 500 to 1,000 watchers.
export default relayWorker<Env>({ objects: ({ RELAY }) => RELAY, leaves: 2 })
