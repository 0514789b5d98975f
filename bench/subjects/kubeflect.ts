// The subjects that list and watch with kubeflect.
import {
  createInformer,
  defineResource,
  type InformerOptions,
  KubeClient,
  type KubeObject,
  ListWatch,
  type Resource,
  Store,
} from 'kubeflect'
import { Pod } from 'kubeflect/resources/core/v1'
import * as v from 'valibot'
import { showFirst } from './rows'
import type { Reading, Subject, Task } from './task'
import { listThenWatch, signal } from './tools'

const FRAME_MS = 16

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

const resources: Readonly<Record<Task['kind'], Resource>> = { pods: Pod as Resource, configmaps: ConfigMap, widgets: Widget }

const options: Readonly<Record<Reading, InformerOptions<KubeObject, 'node'>>> = {
  nothing: {},
  frame: {},
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
    const { reading = 'nothing', initialList = 'stream' } = task
    const resource = reading === 'schema' ? (CheckedPod as Resource) : resources[task.kind]
    // Reads the first rows before the list is complete, like a page.
    const shown = reading === 'handler' ? {} : { onArrival: showFirst(first) }
    const informer = createInformer(new KubeClient({ baseUrl: task.url }), resource, { initialList, ...shown, ...options[reading] })
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
      const frames = reading === 'frame' ? readEachFrame(informer.indexer) : undefined
      await informer.waitForResourceVersion(task.lastVersion)
      await frames?.stop()
    }
    return { listed, watched: listed.then(watched), kept }
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

/** Reads the changes once per frame, like a table that shows everything. */
function readEachFrame(indexer: Store<KubeObject>): { stop(): Promise<void> } {
  const changed = new Set<string>()
  const unsubscribe = indexer.subscribe(({ changes }) => {
    for (const { entry } of changes) changed.add(entry.key)
  })
  let read = 0
  const frame = () => {
    for (const key of changed) if (indexer.get(key)?.object.metadata.name) read++
    changed.clear()
  }
  const timer = setInterval(frame, FRAME_MS)
  return {
    async stop() {
      clearInterval(timer)
      unsubscribe()
      frame()
      if (read === 0) throw new Error('no frame has read anything')
    },
  }
}
