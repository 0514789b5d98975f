import {
  createInformer,
  type Entry,
  type KubeClient,
  type ListWatch,
  listTable,
  metadata,
  metadataListWatch,
  type PartialObjectMetadata,
  type RowObject,
  type SharedInformer,
  table,
  tableListWatch,
  type WatchEntry,
} from 'kubeflect'
import { Pod } from 'kubeflect/resources/core/v1'
import { expectTypeOf } from 'vitest'

declare const client: KubeClient

// The source decides the type of the objects.
expectTypeOf(createInformer(client, Pod)).toEqualTypeOf<SharedInformer<Pod>>()
expectTypeOf(createInformer(client, Pod, { source: undefined })).toEqualTypeOf<SharedInformer<Pod>>()
const partial = createInformer(client, Pod, { source: metadata(), indexers: { app: (pod) => [pod.metadata.labels?.app ?? ''] } })
expectTypeOf(partial).toEqualTypeOf<SharedInformer<PartialObjectMetadata, 'app'>>()
expectTypeOf(partial.lister.get('shop/web')?.object).toEqualTypeOf<PartialObjectMetadata | undefined>()
// @ts-expect-error: metadata has no spec.
createInformer(client, Pod, { source: metadata(), indexers: { node: (pod) => [pod.spec?.nodeName ?? ''] } })

const rows = createInformer(client, Pod, { source: table() })
expectTypeOf(rows).toEqualTypeOf<SharedInformer<RowObject>>()
expectTypeOf(rows.lister.list()[0]?.object.cells).toEqualTypeOf<unknown[] | undefined>()
const wide = createInformer(client, Pod, {
  source: table({ includeObject: 'Object' }),
  indexers: { node: ({ object }) => [object.spec?.nodeName ?? ''] },
})
expectTypeOf(wide).toEqualTypeOf<SharedInformer<RowObject<Pod>, 'node'>>()
// @ts-expect-error: a row without an object has no name to keep it under.
createInformer(client, Pod, { source: table({ includeObject: 'None' }) })
// @ts-expect-error: only tables have columns.
createInformer(client, Pod, { source: metadata(), onColumns: () => undefined })

expectTypeOf(metadataListWatch(client, Pod)).toEqualTypeOf<ListWatch<PartialObjectMetadata>>()
expectTypeOf(metadataListWatch(client, Pod).list({}))
  .resolves.toHaveProperty('entries')
  .toEqualTypeOf<readonly Entry<PartialObjectMetadata>[]>()
expectTypeOf(metadataListWatch(client, Pod).watch({})).toEqualTypeOf<AsyncIterable<readonly WatchEntry<PartialObjectMetadata>[]>>()
expectTypeOf(tableListWatch(client, Pod)).toEqualTypeOf<ListWatch<RowObject>>()
expectTypeOf(tableListWatch(client, Pod, { includeObject: 'Object' })).toEqualTypeOf<ListWatch<RowObject<Pod>>>()

declare const printed: Awaited<ReturnType<typeof listTable<Pod>>>
expectTypeOf(printed.rows[0]?.object).toEqualTypeOf<PartialObjectMetadata | undefined>()
expectTypeOf((await listTable(client, Pod, { includeObject: 'Object' })).rows[0]?.object).toEqualTypeOf<Pod | undefined>()
expectTypeOf((await listTable(client, Pod, { includeObject: 'None' })).rows[0]?.object).toEqualTypeOf<undefined>()
