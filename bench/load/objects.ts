// Generates the text of the objects of a load.
import { podFixture } from '../../src/testing/fixtures'
import { workloadPodFixture } from '../../src/testing/workload-fixtures'
import type { LoadKind } from './collections'

/** The text of an object in two halves around its resourceVersion. It has no kind and apiVersion, like the items of a list. */
export interface SplitText {
  readonly head: string
  readonly tail: string
}

const NAMESPACES = 20
const CREATED = '2026-01-01T00:00:00Z'

/**
 * Returns the text of one object; the same index gives the same text.
 *
 * @param nonAscii whether it contains text beyond ASCII.
 */
export function objectText(kind: LoadKind, index: number, nonAscii: boolean): SplitText {
  const { metadata, ...rest } = bodies[kind](index, nonAscii)
  const { name = `${kind}-${index}`, generateName, namespace = `team-${index % NAMESPACES}`, ...others } = metadata
  const uid = `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`
  // The order of the API server.
  const ordered = { name, generateName, namespace, uid, resourceVersion: '', creationTimestamp: CREATED, ...others }
  const { kind: _kind, apiVersion: _apiVersion, ...body } = rest as Record<string, unknown>
  const text = JSON.stringify({ metadata: ordered, ...body })
  const at = text.indexOf('"resourceVersion":"') + '"resourceVersion":"'.length
  return { head: text.slice(0, at), tail: text.slice(at) }
}

/** The parts of an object besides its identity. */
interface Body {
  readonly metadata: { readonly name?: string; readonly generateName?: string; readonly namespace?: string }
}

const bodies: Readonly<Record<LoadKind, (index: number, nonAscii: boolean) => Body>> = {
  pods: (index, nonAscii) => podFixture(index, { namespace: `team-${index % NAMESPACES}`, nonAscii }),
  // They have uids of their own, with the entropy of real ones, which no packing can shorten.
  workloads: (index, nonAscii) => workloadPodFixture(index, { nonAscii }),
  configmaps: (index) => ({
    metadata: {},
    data: Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`setting-${n}`, `value ${index}/${n} `.repeat(7)])),
  }),
  widgets: (index) => ({
    metadata: {},
    spec: {
      rules: Array.from({ length: 268 }, (_, n) => ({
        id: `rule-${index}-${n}`,
        match: { path: `/shop/${n}`, methods: ['GET', 'POST'], headers: [{ name: 'x-team', value: `team-${n % 7}` }] },
        weight: (index * 31 + n) % 100,
        enabled: n % 2 === 0,
        backend: { service: { name: `backend-${n % 12}`, port: 8080 }, timeoutSeconds: 30 },
      })),
    },
    status: { observedGeneration: index % 9, conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: CREATED }] },
  }),
}
