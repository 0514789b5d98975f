// The question of how much a page downloads.

import { gzipSync } from 'node:zlib'
import { bundleSource } from '../harness/build.ts'
import type { Question } from '../harness/question.ts'

const OWN = 'without dependencies'
const CORE = "export { KubeClient, ListWatch, Reflector, Store } from 'kubeflect'"
const what = {
  'kubeflect: KubeReader, ListWatch, Reflector, Store': CORE.replace('KubeClient', 'KubeReader'),
  'kubeflect: KubeClient, ListWatch, Reflector, Store': CORE,
  [`kubeflect: the same, ${OWN}`]: CORE,
  'kubeflect: createInformer, KubeClient, idbPersister':
    "export { createInformer, KubeClient } from 'kubeflect'; export { idbPersister } from 'kubeflect/idb'",
  'kubeflect: everything': "export * from 'kubeflect'",
  'ky alone': "export { default } from 'ky'",
  '@kubernetes/client-node: KubeConfig, Watch': "export { KubeConfig, Watch } from '@kubernetes/client-node'",
  '@kubernetes/client-node: KubeConfig, CoreV1Api, makeInformer':
    "export { KubeConfig, CoreV1Api, makeInformer } from '@kubernetes/client-node'",
  'kubernetes-fluent-client: K8s, kind': "export { K8s, kind } from 'kubernetes-fluent-client'",
}

/** The download size of a page. */
export const size: Question = {
  name: 'size',
  title: 'Size: download of a page',
  text: 'Bundled and minified by esbuild with all dependencies, then gzipped. Lazily loaded modules are not counted, nor are the Node modules that the peers need.',
  columns: [
    { title: 'minified kB', metric: 'bytes', show: 'kB' },
    { title: 'gzipped kB', metric: 'gzipped', show: 'kB' },
  ],
  async measure() {
    const rows = await Promise.all(
      Object.entries(what).map(async ([name, source]) => {
        const code = await bundleSource(source, name.endsWith(OWN) ? ['ky', 'valibot', 'idb-keyval'] : [])
        return { name, runtime: 'Bundle', metrics: { bytes: [code.length], gzipped: [gzipSync(code, { level: 9 }).length] } } as const
      }),
    )
    return { groups: [{ title: 'bundle', rows }] }
  },
}
