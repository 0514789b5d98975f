// The program that test/cluster/kubeconfig.test.ts runs in each runtime: reads, writes and watches with the given kubeconfig, prints the
// results, and exits by itself once the connection is closed.

import { KubeClient } from 'kubeflect'
import { loadKubeconfig } from 'kubeflect/kubeconfig'
import { ConfigMap } from 'kubeflect/resources/core/v1'

const [, , path, name = ''] = process.argv
const connection = await loadKubeconfig({ path })
const client = new KubeClient(connection)
const namespace = 'default'

const review = await client.request({
  path: 'apis/authentication.k8s.io/v1/selfsubjectreviews',
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: '{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}',
})
const { userInfo } = (await review.json()).status

const { metadata } = await client.list(ConfigMap, { namespace, limit: 1 })
const stop = new AbortController()
const events: string[] = []
const watching = (async () => {
  const fieldSelector = `metadata.name=${name}`
  for await (const { type } of client.watch(ConfigMap, {
    namespace,
    fieldSelector,
    resourceVersion: metadata.resourceVersion ?? '',
    signal: stop.signal,
  })) {
    events.push(type)
    if (type === 'ADDED') await client.delete(ConfigMap, name, { namespace })
    if (type === 'DELETED') stop.abort()
  }
})()
await client.create(ConfigMap, { metadata: { name, namespace }, data: { text: 'ä'.repeat(100_000) } })
await watching

// A watch that ends only with the connection.
const open = client.watch(ConfigMap, { namespace, resourceVersion: metadata.resourceVersion ?? '' })
await open.next()
const ended = open.next().then(
  () => 'went on',
  () => 'ended',
)
await connection[Symbol.asyncDispose]()
console.log(JSON.stringify({ user: userInfo.username, events, open: await ended }))
