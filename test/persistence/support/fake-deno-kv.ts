import type { DenoKv, DenoKvAtomic, DenoKvKey } from '../../../src/deno-kv'

/** Deno KV in memory, with the limits of the real one; it can be made to fail. */
export class FakeDenoKv implements DenoKv {
  readonly #entries = new Map<string, { key: DenoKvKey; value: unknown; versionstamp: string }>()
  #commits = 0
  /** Called before each atomic operation with its number, from 1; what it throws is what becomes of the operation. */
  beforeCommit: (number: number) => unknown = () => {}

  /** How many atomic operations were asked for. */
  get commits(): number {
    return this.#commits
  }
  /** Every key there is. */
  get keys(): DenoKvKey[] {
    return [...this.#entries.values()].map(({ key }) => key)
  }

  async get(key: DenoKvKey): Promise<{ value: unknown; versionstamp: string | null }> {
    return this.#entries.get(JSON.stringify(key)) ?? { value: null, versionstamp: null }
  }

  async *list({ prefix }: { prefix: DenoKvKey }): AsyncGenerator<{ key: DenoKvKey; value: unknown }> {
    const found = [...this.#entries.values()].filter(({ key }) => prefix.every((part, at) => key[at] === part))
    yield* found.sort((a, b) => compareKeys(a.key, b.key))
  }

  atomic(): DenoKvAtomic {
    return new Operation((operation) => this.#commit(operation))
  }

  async #commit({ checks, mutations }: Operation): Promise<{ ok: true; versionstamp: string } | { ok: false }> {
    await this.beforeCommit(++this.#commits)
    checkLimits(mutations)
    const isAsChecked = ({ key, versionstamp }: Check) => (this.#entries.get(JSON.stringify(key))?.versionstamp ?? null) === versionstamp
    if (!checks.every(isAsChecked)) return { ok: false }
    const versionstamp = String(this.#commits)
    for (const { key, value } of mutations) {
      if (value === undefined) this.#entries.delete(JSON.stringify(key))
      else this.#entries.set(JSON.stringify(key), { key, value, versionstamp })
    }
    return { ok: true, versionstamp }
  }
}

interface Check {
  readonly key: DenoKvKey
  readonly versionstamp: string | null
}

/** A value is set, and undefined is deleted. */
interface Mutation {
  readonly key: DenoKvKey
  readonly value?: unknown
}

class Operation implements DenoKvAtomic {
  readonly checks: Check[] = []
  readonly mutations: Mutation[] = []
  readonly #commit: (operation: Operation) => ReturnType<DenoKvAtomic['commit']>

  constructor(commit: (operation: Operation) => ReturnType<DenoKvAtomic['commit']>) {
    this.#commit = commit
  }
  check(check: Check): this {
    this.checks.push(check)
    return this
  }
  set(key: DenoKvKey, value: unknown): this {
    this.mutations.push({ key, value: structuredClone(value) })
    return this
  }
  delete(key: DenoKvKey): this {
    this.mutations.push({ key })
    return this
  }
  commit(): ReturnType<DenoKvAtomic['commit']> {
    return this.#commit(this)
  }
}

/** Part by part: the parts at one place are of one type here. */
function compareKeys(a: DenoKvKey, b: DenoKvKey): number {
  const at = a.findIndex((part, place) => part !== b[place])
  if (at < 0) return a.length - b.length
  const [x, y] = [a[at], b[at]]
  if (typeof x === 'number' && typeof y === 'number') return x - y
  return String(x) < String(y) ? -1 : 1
}

function checkLimits(mutations: readonly Mutation[]): void {
  const sizes = mutations.map(({ key, value }) => ({
    key: JSON.stringify(key).length,
    value: value instanceof Uint8Array ? value.buffer.byteLength : JSON.stringify(value ?? '').length,
  }))
  if (sizes.some(({ key }) => key > 2048)) throw new TypeError('Key too large for write (max 2048 bytes)')
  if (sizes.some(({ value }) => value > 65_536)) throw new TypeError('Value too large (max 65536 bytes)')
  if (sizes.reduce((sum, { key, value }) => sum + key + value, 0) > 819_200)
    throw new TypeError('Total mutation size too large (max 819200 bytes)')
  if (sizes.reduce((sum, { key }) => sum + key, 0) > 81_920) throw new TypeError('Total key size too large (max 81920 bytes)')
}
