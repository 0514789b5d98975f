// The columns of the table for each kind.
import { type Entry, type KubeObject, type Resource, resourceName } from 'kubeflect'
import type { Deployment } from 'kubeflect/resources/apps/v1'
import type { ConfigMap, Event, Node, Pod, Secret, Service } from 'kubeflect/resources/core/v1'
import { detailsOf } from './pods.ts'
import { statusOf, type Tone, toneOf } from './status.ts'

/** The content of a cell. */
export interface Cell {
  /** The text; the empty string when nothing is known. */
  readonly text: string
  /** The value that rows are sorted by. */
  readonly value: string | number
  readonly tone?: Tone | undefined
}

/** A column of the table. */
export interface Column {
  /** The id, unique among the columns of a kind. */
  readonly id: string
  readonly title: string
  /** The look of its cells, used as their class. An `age` counts up from its value. */
  readonly look: 'name' | 'text' | 'wide' | 'badge' | 'number' | 'age'
  /** Reads the cell of an object, and parses only what it needs. */
  read(entry: Entry<KubeObject>): Cell
}

type Look = Column['look']

/** Returns the empty cell of a missing or unexpected value. */
function nothing(look: Look): Cell {
  return { text: '', value: look === 'age' ? Number.POSITIVE_INFINITY : look === 'number' ? Number.NEGATIVE_INFINITY : '' }
}

/**
 * Creates a column that reads the parsed object. Servers do not guarantee that objects match their schema, so an unreadable value gives an
 * empty cell and leaves the others intact.
 */
function column<T extends KubeObject>(title: string, look: Look, read: (object: T) => unknown): Column {
  const id = title.toLowerCase().replaceAll(' ', '-')
  return {
    id,
    title,
    look,
    read(entry) {
      try {
        return asCell(read(entry.object as T), look)
      } catch (error) {
        if (error instanceof TypeError) return nothing(look)
        throw error
      }
    },
  }
}

function asCell(value: unknown, look: Look): Cell {
  if (isCell(value)) return value
  if (typeof value !== 'string' && (typeof value !== 'number' || Number.isNaN(value))) return nothing(look)
  return { text: String(value), value, tone: look === 'badge' ? toneOf(String(value)) : undefined }
}

function isCell(value: unknown): value is Cell {
  const { text, value: sorted } = (typeof value === 'object' && value !== null ? value : {}) as { text?: unknown; value?: unknown }
  return typeof text === 'string' && (typeof sorted === 'string' || (typeof sorted === 'number' && !Number.isNaN(sorted)))
}

/** Formats a ratio, sorted by its value. */
function ratio(have: number, want: number): Cell {
  return { text: `${have}/${want}`, value: want === 0 ? 1 : have / want, tone: have >= want ? 'good' : have > 0 ? 'busy' : 'bad' }
}

const name: Column = { id: 'name', title: 'Name', look: 'name', read: (entry) => ({ text: entry.name, value: entry.name }) }
const namespace: Column = {
  id: 'namespace',
  title: 'Namespace',
  look: 'text',
  read: (entry) => ({ text: entry.namespace, value: entry.namespace }),
}
const status = column('Status', 'badge', statusOf)
const age = column('Age', 'age', ({ metadata }) => {
  const created = Date.parse(metadata.creationTimestamp ?? '')
  // Sort by age, so that the newest object has the smallest value.
  return { text: '', value: Number.isNaN(created) ? Number.POSITIVE_INFINITY : -created }
})

/** The common part of the kinds that run pods. */
interface Workload extends KubeObject {
  spec?: { replicas?: number; completions?: number; schedule?: string }
  status?: { replicas?: number; readyReplicas?: number; succeeded?: number; numberReady?: number; desiredNumberScheduled?: number }
}

interface Definition extends KubeObject {
  spec?: { group?: string; scope?: string; names?: { kind?: string } }
}

const replicas = column<Workload>('Ready', 'badge', ({ spec, status: now }) => ratio(now?.readyReplicas ?? 0, spec?.replicas ?? 1))

/** The columns of known kinds, between namespace and age. */
const details: Readonly<Record<string, readonly Column[]>> = {
  pods: [
    // A phase that Kubernetes does not define is the reason of a failure.
    column<Pod>('Phase', 'badge', (pod) => {
      const { phase } = detailsOf(pod)
      const tone = toneOf(phase)
      return { text: phase, value: phase, tone: tone === 'quiet' ? 'bad' : tone }
    }),
    column<Pod>('Node', 'text', (pod) => detailsOf(pod).node),
    column<Pod>('Restarts', 'number', (pod) => detailsOf(pod).restarts),
  ],
  'deployments.apps': [
    replicas,
    column<Deployment>('Updated', 'number', (deployment) => deployment.status?.updatedReplicas ?? 0),
    column<Deployment>('Image', 'wide', ({ spec }) => (spec?.template?.spec?.containers ?? []).map(({ image = '' }) => image).join(', ')),
  ],
  'statefulsets.apps': [replicas],
  'replicasets.apps': [replicas],
  'daemonsets.apps': [
    column<Workload>('Ready', 'badge', ({ status: now }) => ratio(now?.numberReady ?? 0, now?.desiredNumberScheduled ?? 0)),
  ],
  'jobs.batch': [
    status,
    column<Workload>('Completions', 'text', ({ spec, status: now }) => ratio(now?.succeeded ?? 0, spec?.completions ?? 1)),
  ],
  'cronjobs.batch': [column<Workload>('Schedule', 'text', ({ spec }) => spec?.schedule ?? '')],
  nodes: [
    column<Node>('Status', 'badge', (node) => {
      const text = [statusOf(node), node.spec?.unschedulable ? 'SchedulingDisabled' : ''].filter(Boolean).join(', ')
      return { text, value: text, tone: statusOf(node) === 'Ready' ? 'good' : 'bad' }
    }),
    column<Node>('Roles', 'text', ({ metadata }) => {
      const roles = Object.keys(metadata.labels ?? {}).filter((label) => label.startsWith('node-role.kubernetes.io/'))
      return roles.map((label) => label.split('/')[1] ?? '').join(', ')
    }),
    column<Node>('Address', 'text', (node) => node.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? ''),
    column<Node>('Version', 'text', (node) => node.status?.nodeInfo?.kubeletVersion ?? ''),
  ],
  services: [
    column<Service>('Type', 'text', ({ spec }) => spec?.type ?? ''),
    column<Service>('Cluster IP', 'text', ({ spec }) => spec?.clusterIP ?? ''),
    column<Service>('Ports', 'text', ({ spec }) =>
      (spec?.ports ?? []).map(({ port, protocol = 'TCP' }) => `${port}/${protocol}`).join(', '),
    ),
  ],
  configmaps: [
    column<ConfigMap>('Data', 'number', ({ data, binaryData }) => Object.keys(data ?? {}).length + Object.keys(binaryData ?? {}).length),
  ],
  secrets: [
    column<Secret>('Type', 'text', ({ type = '' }) => type),
    column<Secret>('Data', 'number', ({ data }) => Object.keys(data ?? {}).length),
  ],
  events: [
    column<Event>('Type', 'badge', ({ type = '' }) => type),
    column<Event>('Reason', 'text', ({ reason = '' }) => reason),
    column<Event>('Object', 'text', ({ involvedObject: { kind = '', name: called = '' } = {} }) =>
      kind || called ? `${kind}/${called}`.toLowerCase() : '',
    ),
    column<Event>('Message', 'wide', ({ message = '' }) => message),
  ],
  'customresourcedefinitions.apiextensions.k8s.io': [
    status,
    column<Definition>('Group', 'text', ({ spec }) => spec?.group ?? ''),
    column<Definition>('Kind', 'text', ({ spec }) => spec?.names?.kind ?? ''),
    column<Definition>('Scope', 'text', ({ spec }) => spec?.scope ?? ''),
  ],
}

/** Returns the columns of a resource's table; unknown kinds get a status column. */
export function columnsOf(resource: Resource): readonly Column[] {
  return [name, ...(resource.scope === 'Namespaced' ? [namespace] : []), ...(details[resourceName(resource)] ?? [status]), age]
}
