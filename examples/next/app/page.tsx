// Lists the first rows on the server, with each request.
import { KubeClient } from 'kubeflect'
import { Pod } from 'kubeflect/resources/core/v1'
import { Pods } from './pods'
import { rowOf } from './row'

export const dynamic = 'force-dynamic'
const client = new KubeClient({ baseUrl: process.env.KUBERNETES_URL ?? 'http://127.0.0.1:8001' })

export default async function Page() {
  const { items } = await client.list(Pod, { limit: 50 })
  return <Pods first={items.map(rowOf)} />
}
