// Reads what is secret in every way the library has; the test then looks for it in the browser's profile.
import { createInformer, inWorker, KubeClient } from 'kubeflect'
import { Secret } from 'kubeflect/resources/core/v1'

const shop = { namespace: 'shop' }

const page = {
  /** Reads and writes with the library; resolves with what the server answered, as text. The script itself holds no secret, as it may be cached. */
  async readAll(token: string, written: string): Promise<string> {
    const client = new KubeClient({ baseUrl: '/k8s', token })
    const read: unknown[] = [await client.get(Secret, 'one', shop), await client.list(Secret, shop)]
    for await (const line of client.logs({ ...shop, name: 'pod' })) read.push(line)
    for await (const event of client.watch(Secret, { ...shop, resourceVersion: '0' })) {
      read.push(event)
      break
    }
    for (const worker of [undefined, inWorker()]) {
      const secrets = createInformer(client, Secret, { ...shop, worker })
      await secrets.whenSynced()
      read.push(secrets.store.list().map(({ text }) => text))
      await secrets.close()
    }
    const made = { metadata: { name: 'made', namespace: 'shop', annotations: { mark: written } } }
    read.push(await client.create(Secret, made))
    return JSON.stringify(read)
  },

  /** Reads as any page does. */
  async readCarelessly(): Promise<string> {
    return (await fetch('/k8s/api/v1/namespaces/other/secrets/control')).text()
  },
}

/** What the test calls. */
export type DiskCachePage = typeof page

Object.assign(globalThis, { page })
