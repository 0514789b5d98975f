// The nodes and edges of an owner graph: pure data, changed one object at a time.

import type { KubeObject, OwnerReference } from '../api/object'
import { type Entry, readValue } from '../codec/entry'

/** An object of an owner graph, or an owner that no source has. Immutable: a change makes another node. */
export interface OwnerNode {
  readonly uid: string
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  /** The empty string for cluster-scoped objects. Of a missing owner, the namespace of an object that names it. */
  readonly namespace: string
  /** The object; undefined for a missing owner, which was deleted, or is of a kind that no source has. */
  readonly entry: Entry<KubeObject> | undefined
  /** The uids of its owners, in the order of its ownerReferences. */
  readonly owners: readonly string[]
  /** The uids of what it owns, by kind, namespace and name. */
  readonly dependents: readonly string[]
}

type Identity = Pick<OwnerNode, 'uid' | 'apiVersion' | 'kind' | 'name' | 'namespace'>

/** A uid that an object has, or that others name as their owner. */
interface Place {
  readonly uid: string
  entry: Entry<KubeObject> | undefined
  /** Undefined while there is no object. */
  identity: Identity | undefined
  owners: readonly string[]
  /** The references to this uid, by the uid of the object that has them. */
  readonly dependents: Map<string, OwnerReference>
  /** Made when it is read, until something of it changes. */
  node: OwnerNode | undefined
}

const REFERENCES = ['metadata', 'ownerReferences']
const NONE: readonly never[] = []

/** Keeps the nodes of an owner graph. A change costs its owner references, not the size of the graph. */
export class OwnerNodes {
  readonly #places = new Map<string, Place>()
  #size = 0

  /** The number of objects. */
  get size(): number {
    return this.#size
  }

  /** Adds an object, or replaces an earlier version of it. */
  put(entry: Entry<KubeObject>): void {
    const place = this.#placeOf(entry.uid)
    if (!place.entry) {
      this.#size++
      place.identity = identityOf(entry)
    }
    place.entry = entry
    place.node = undefined
    this.#connect(place, referencesOf(entry))
  }

  /** Removes an object. Where others name it as their owner, a missing owner stays. */
  delete(uid: string): void {
    const place = this.#places.get(uid)
    if (!place?.entry) return
    this.#size--
    place.entry = undefined
    place.identity = undefined
    place.node = undefined
    this.#connect(place, NONE)
    this.#prune(place)
  }

  get(uid: string): OwnerNode | undefined {
    const place = this.#places.get(uid)
    return place && this.#nodeOf(place)
  }

  /** Returns the owners that no source has, in order. */
  missing(): OwnerNode[] {
    const missing = [...this.#places.values()].filter(({ entry }) => !entry)
    return missing.map((place) => this.#nodeOf(place)).sort(byKindAndName)
  }

  /** Returns the nodes from which every other is reached, in order. */
  roots(): OwnerNode[] {
    const roots: OwnerNode[] = []
    const reached = new Set<string>()
    const add = (uid: string) => {
      if (reached.has(uid)) return
      roots.push(this.get(uid) as OwnerNode)
      for (const _ of this.#depthFirst(uid, reached));
    }
    for (const { uid, owners } of this.#places.values()) if (owners.length === 0) add(uid)
    if (reached.size < this.#places.size) for (const uid of this.#cycles(reached)) add(uid)
    return roots.sort(byKindAndName)
  }

  /** Returns what is reached from a node by a kind of edge, the closest first, without the node itself. */
  reach(uid: string, edge: 'owners' | 'dependents'): OwnerNode[] {
    const reached = new Set([uid])
    // The set grows while it is read.
    for (const each of reached) for (const next of this.get(each)?.[edge] ?? NONE) reached.add(next)
    return [...reached].slice(1).map((each) => this.get(each) as OwnerNode)
  }

  /** The nodes that only a cycle leads to, in an order in which each cycle comes before what is reached from it. */
  #cycles(reached: ReadonlySet<string>): string[] {
    const rest = [...this.#places.values()].filter(({ uid }) => !reached.has(uid)).map((place) => this.#nodeOf(place))
    const seen = new Set(reached)
    const finished: string[] = []
    for (const { uid } of rest.sort(byKindAndName)) finished.push(...this.#depthFirst(uid, seen))
    return finished.reverse()
  }

  /** Visits what is reached from a node over dependents, and yields each after what is below it. */
  *#depthFirst(from: string, reached: Set<string>): Generator<string, void> {
    if (reached.has(from)) return
    reached.add(from)
    const trail = [{ uid: from, below: this.#below(from) }]
    for (let top = trail.at(-1); top; top = trail.at(-1)) {
      const next = top.below.next()
      if (next.done) {
        yield top.uid
        trail.pop()
      } else if (!reached.has(next.value)) {
        reached.add(next.value)
        trail.push({ uid: next.value, below: this.#below(next.value) })
      }
    }
  }

  #below(uid: string): Iterator<string> {
    return (this.get(uid)?.dependents ?? NONE).values()
  }

  #placeOf(uid: string): Place {
    let place = this.#places.get(uid)
    if (!place) {
      place = { uid, entry: undefined, identity: undefined, owners: NONE, dependents: new Map(), node: undefined }
      this.#places.set(uid, place)
    }
    return place
  }

  #connect(place: Place, references: readonly OwnerReference[]): void {
    const owners = [...new Set(references.map(({ uid }) => uid))]
    const before = place.owners
    place.owners = owners
    for (const uid of before) if (!owners.includes(uid)) this.#disconnect(uid, place.uid)
    for (const reference of references) {
      const owner = this.#placeOf(reference.uid)
      // Another name or version of a missing owner changes its node, too.
      if (!owner.entry || !owner.dependents.has(place.uid)) owner.node = undefined
      owner.dependents.set(place.uid, reference)
    }
  }

  #disconnect(uid: string, dependent: string): void {
    const owner = this.#places.get(uid)
    if (!owner) return
    owner.dependents.delete(dependent)
    owner.node = undefined
    this.#prune(owner)
  }

  #prune({ uid, entry, dependents }: Place): void {
    if (!entry && dependents.size === 0) this.#places.delete(uid)
  }

  #nodeOf(place: Place): OwnerNode {
    if (!place.node) {
      const { uid, entry, owners } = place
      const dependents = [...place.dependents.keys()].map((each) => this.#identityOf(this.#placeOf(each)))
      place.node = { ...this.#identityOf(place), uid, entry, owners, dependents: dependents.sort(byKindAndName).map((each) => each.uid) }
    }
    return place.node
  }

  #identityOf({ uid, identity, dependents }: Place): Identity {
    if (identity) return identity
    // The same one whatever the order in which the dependents came.
    const [dependent = ''] = [...dependents.keys()].sort()
    const { apiVersion = '', kind = '', name = '' } = dependents.get(dependent) ?? {}
    return { uid, apiVersion, kind, name, namespace: this.#places.get(dependent)?.entry?.namespace ?? '' }
  }
}

function identityOf(entry: Entry<KubeObject>): Identity {
  const { uid, name, namespace } = entry
  return { uid, name, namespace, apiVersion: readOr(entry, ['apiVersion'], ''), kind: readOr(entry, ['kind'], '') }
}

function referencesOf(entry: Entry<KubeObject>): readonly OwnerReference[] {
  return readOr<readonly OwnerReference[]>(entry, REFERENCES, NONE)
}

/** An entry that cannot be read has no owners; its store has dropped it, and fetches it again. */
function readOr<V>(entry: Entry<KubeObject>, path: readonly string[], absent: V): V {
  try {
    return readValue<V | null>(entry, path) ?? absent
  } catch {
    return absent
  }
}

function byKindAndName(a: Identity, b: Identity): number {
  return compare(a.kind, b.kind) || compare(a.namespace, b.namespace) || compare(a.name, b.name) || compare(a.uid, b.uid)
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
