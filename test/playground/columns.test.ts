import fc from 'fast-check'
import type { KubeObject, Resource } from 'kubeflect'
import { describe, expect, it } from 'vitest'
import { columnsOf } from '../../playground/columns.ts'
import { RowList } from '../../playground/row-list.ts'
import { type Entry, entryFromObject } from '../../src/codec/entry'

const known = [
  ...['pods', 'nodes', 'services', 'configmaps', 'secrets', 'events', 'widgets'].map((plural) => ['', plural] as const),
  ...['deployments', 'statefulsets', 'replicasets', 'daemonsets'].map((plural) => ['apps', plural] as const),
  ...['jobs', 'cronjobs'].map((plural) => ['batch', plural] as const),
  ['apiextensions.k8s.io', 'customresourcedefinitions'] as const,
]
const resources = known.map(([group, plural]): Resource => ({ group, version: 'v1', plural, kind: 'Any', scope: 'Namespaced' }))
const entryOf = (object: object): Entry<KubeObject> =>
  entryFromObject({ ...object, metadata: { name: 'a', ...(object as Partial<KubeObject>).metadata } })

/** Names that columns look for, at any depth and with values of any type. */
const names = [
  ...['spec', 'status', 'metadata', 'data', 'binaryData', 'type', 'reason', 'message', 'involvedObject', 'template', 'containers'],
  ...['conditions', 'containerStatuses', 'initContainerStatuses', 'ports', 'addresses', 'nodeInfo', 'names', 'replicas', 'readyReplicas'],
  ...['labels', 'phase', 'state', 'image', 'restartCount', 'waiting', 'kind', 'name', 'schedule', 'completions', 'succeeded'],
]
const { junk } = fc.letrec((tie) => ({
  junk: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constantFrom(null, true, Number.NaN, 0, -1, 1.5, '', 'Ready', 'x'),
    fc.array(tie('junk'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...names), tie('junk'), { maxKeys: 6 }),
  ),
}))

describe('the columns of the playground', () => {
  it.each([
    ['events', {}, 'object'],
    ['events', { involvedObject: null }, 'object'],
    ['deployments', { spec: {} }, 'image'],
    ['deployments', { spec: { template: null } }, 'image'],
    ['pods', { status: { containerStatuses: [null] } }, 'restarts'],
    ['nodes', { status: { conditions: [null] } }, 'status'],
  ])('the columns of the playground show an empty cell for %s of %j', (plural, object, id) => {
    const resource = resources.find((candidate) => candidate.plural === plural) as Resource
    const column = columnsOf(resource).find((candidate) => candidate.id === id)
    expect(column?.read(entryOf(object)).text).toBe('')
  })

  it('the columns of the playground survive objects with members that are missing, null or of any other type, and rows keep a total order', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...resources),
        fc.array(fc.dictionary(fc.constantFrom(...names), junk), { maxLength: 6 }),
        (resource, objects) => {
          const columns = columnsOf(resource)
          const entries = objects.map((object, at) => {
            const metadata =
              typeof object.metadata === 'object' && object.metadata !== null && !Array.isArray(object.metadata) ? object.metadata : {}
            return entryOf({ ...object, metadata: { ...metadata, name: `o-${at}`, namespace: 'default', uid: 'u', resourceVersion: '1' } })
          })
          for (const column of columns) {
            for (const entry of entries) {
              const { text, value } = column.read(entry)
              expect(typeof text).toBe('string')
              expect(typeof value === 'string' || !Number.isNaN(value)).toBe(true)
            }
            const rows = new RowList(columns)
            rows.apply(new Map(entries.map((entry) => [entry.key, entry])))
            rows.sort({ column, direction: 'ascending' })
            const ascending = rows.shown.map(({ key }) => key)
            // One by one they end up in the same order.
            const single = new RowList(columns)
            single.sort({ column, direction: 'ascending' })
            for (const entry of entries) single.apply(new Map([[entry.key, entry]]))
            expect(single.shown.map(({ key }) => key)).toEqual(ascending)
          }
        },
      ),
      { numRuns: 200 },
    )
  })
})
