// Derives a one-word status, and its colour, from any object.
import type { KubeObject } from 'kubeflect'

/** The colour of a status. */
export type Tone = 'good' | 'busy' | 'bad' | 'done' | 'leaving' | 'quiet'

/** The status of most kinds: conditions, or a single word. */
interface Status {
  readonly phase?: unknown
  readonly state?: unknown
  readonly conditions?: readonly Condition[]
}

interface Condition {
  readonly type: string
  readonly status: string
  readonly reason?: string
}

const words: Readonly<Record<Exclude<Tone, 'bad' | 'quiet'>, readonly string[]>> = {
  good: ['Running', 'Active', 'Bound', 'Ready', 'Available', 'Established', 'Healthy', 'Synced', 'Normal'],
  busy: [
    'Pending',
    'ContainerCreating',
    'Progressing',
    'Promoting',
    'Creating',
    'Provisioning',
    'Updating',
    'Uploading',
    'Waiting',
    'Unknown',
  ],
  done: ['Succeeded', 'Completed', 'Complete'],
  leaving: ['Terminating', 'Released'],
}
const tones = new Map(Object.entries(words).flatMap(([tone, all]) => all.map((word) => [word, tone as Tone])))
/** The conditions that report health, the most specific first. */
const HEALTH = ['Ready', 'Available', 'Established', 'Healthy', 'Complete', 'Succeeded', 'Synced', 'Accepted']

/** Returns the colour of a status word; guesses from its sound for an unknown one. */
export function toneOf(word: string): Tone {
  return (
    tones.get(word) ?? (/err|fail|back-?off|crash|invalid|kill|evict|lost|^not|^un|warn|exceeded|degraded/i.test(word) ? 'bad' : 'quiet')
  )
}

/** Returns a one-word status for an object of any kind, or the empty string. */
export function statusOf(object: KubeObject): string {
  if (object.metadata.deletionTimestamp) return 'Terminating'
  const { phase, state, conditions } = (object as KubeObject & { status?: Status }).status ?? {}
  if (typeof phase === 'string') return phase
  if (typeof state === 'string') return state
  if (!Array.isArray(conditions)) return ''
  const all: readonly Condition[] = conditions
  const health = HEALTH.map((type) => all.find((condition) => condition.type === type)).find(Boolean)
  if (health) return health.status === 'True' ? health.type : health.reason || `Not${health.type}`
  return all.findLast(({ status }) => status === 'True')?.type ?? ''
}
