// The subjects that list and watch with kubeflect.
import {
  createInformer,
  defineResource,
  type InformerOptions,
  inWorker,
  KubeClient,
  type KubeObject,
  ListWatch,
  packing,
  type Resource,
  Store,
} from 'kubeflect'
import { Pod } from 'kubeflect/resources/core/v1'
import * as v from 'valibot'
import { packed, readEachFrame } from './reading'
import { showFirst } from './rows'
import type { Reading, Subject, Task } from './task'
import { listThenWatch, signal } from './tools'

const Widget = defineResource({ group: 'example.com', version: 'v1', plural: 'widgets', kind: 'Widget' })
const ConfigMap = defineResource({ version: 'v1', plural: 'configmaps', kind: 'ConfigMap' })
const CheckedPod = defineResource({
  version: 'v1',
  plural: 'pods',
  kind: 'Pod',
  schema: v.looseObject({
    metadata: v.looseObject({ name: v.string(), labels: v.optional(v.record(v.string(), v.string())) }),
    spec: v.looseObject({ nodeName: v.optional(v.string()), containers: v.array(v.looseObject({ name: v.string(), image: v.string() })) }),
    status: v.looseObject({ phase: v.picklist(['Pending', 'Running', 'Succeeded', 'Failed', 'Unknown']) }),
  }),
})

const resources: Readonly<Record<Task['kind'], Resource>> = {
  pods: Pod as Resource,
  workloads: Pod as Resource,
  configmaps: ConfigMap,
  widgets: Widget,
}

const options: Readonly<Record<Reading, InformerOptions<KubeObject, 'node'>>> = {
  nothing: {},
  frame: {},
  fields: {},
  rows: {},
  handler: {},
  schema: {},
  transform: {
    transform: (object) => {
      delete object.metadata.annotations
      return object
    },
  },
  index: { indexers: { node: (object) => [(object as Pod).spec?.nodeName ?? ''] } },
}

/** Measures an informer, as applications use it. */
export const kubeflect: Subject = (task) =>
  listThenWatch(task, async ({ first }) => {
    const { reading = 'nothing', initialList = 'stream', pack, worker } = task
    const resource = reading === 'schema' ? (CheckedPod as Resource) : resources[task.kind]
    // Reads the first rows before the list is complete, like a page.
    const shown = reading === 'handler' ? {} : { onArrival: showFirst(first) }
    const informer = createInformer(new KubeClient({ baseUrl: task.url }), resource, {
      initialList,
      ...(pack && { pack: packing() }),
      ...(worker && { worker: inWorker(() => new Worker(URL.createObjectURL(new Blob([worker], { type: 'text/javascript' })))) }),
      ...shown,
      ...options[reading],
    })
    const synced = informer.whenSynced()
    const kept = () => informer.indexer.size
    if (reading === 'handler') {
      const last = signal()
      let updates = 0
      const handler = informer.addEventHandler({
        onAdd: first,
        onUpdate: () => {
          if (++updates === task.events) last.resolve()
        },
      })
      return { listed: handler.whenSynced(), watched: last.promise, kept }
    }
    const listed = synced.then(first)
    const watched = async () => {
      const frames = reading === 'frame' || reading === 'fields' ? readEachFrame(informer.indexer, reading) : undefined
      await informer.waitForResourceVersion(task.lastVersion)
      await frames?.stop()
    }
    const rest = async () => {
      if (pack) await packed(informer.indexer)
    }
    return { listed, watched: listed.then(watched), kept, rest }
  })

/** Lists page by page into a store, for servers that require pages. */
export const pages: Subject = (task) =>
  listThenWatch(task, async ({ first }) => {
    const source = new ListWatch(new KubeClient({ baseUrl: task.url }), resources[task.kind])
    const store = new Store()
    const read = async () => {
      let page = await source.list({ limit: 500 })
      const read = [page.entries]
      for (; page.continue; read.push(page.entries)) page = await source.list({ limit: 500, continue: page.continue })
      store.replace(read.flat(), page.resourceVersion)
      first()
    }
    return { listed: read(), watched: Promise.resolve(), kept: () => store.size }
  })
