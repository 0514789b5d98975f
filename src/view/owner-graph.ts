// The objects of several kinds by their owners, as a topology page and `kubectl tree` show them.

import type { KubeObject } from '../api/object'
import type { Entry } from '../codec/entry'
import { Listeners } from '../internal/listeners'
import { once, together } from '../internal/once'
import { Opaque } from '../internal/opaque'
import { type OwnerNode, OwnerNodes } from './owner-nodes'
import type { Readable } from './readable'
import { sourceOf, type ViewSource } from './view'

/** The state of an owner graph. A change makes another snapshot, and the nodes that it does not concern stay the same. */
export interface OwnerGraphSnapshot {
  /** The number of objects. */
  readonly size: number
  /** Returns an object or a missing owner by its uid. */
  get(uid: string): OwnerNode | undefined
  /**
   * The nodes from which every other is reached: objects without owners, missing owners, and one object of each cycle that nothing else owns. By kind,
   * namespace and name. Computed when it is read, at the cost of the whole graph.
   */
  readonly roots: readonly OwnerNode[]
  /** The owners that no source has. Computed when it is read. */
  readonly missing: readonly OwnerNode[]
  /** Returns what a node owns and what that owns, the closest first. Each node once; in a cycle not the node itself. */
  under(uid: string): OwnerNode[]
  /** Returns the owners of a node and their owners, the closest first. Each node once; in a cycle not the node itself. */
  above(uid: string): OwnerNode[]
}

/** Options of {@link createOwnerGraph}. */
export interface OwnerGraphOptions {
  /** Runs the work soon, once. Changes until then are shown together. Default: 16 ms later, about a frame. */
  schedule?: ((work: () => void) => void) | undefined
}

/** The source of an owner graph: a store, an informer, or a source of `createLive`. */
export type OwnerGraphSource = ViewSource<KubeObject> | { readonly store: ViewSource<KubeObject> }

/** The time between two frames of a page, in milliseconds. */
const FRAME_MS = 16

class GraphSnapshot extends Opaque implements OwnerGraphSnapshot {
  readonly size: number
  readonly #nodes: OwnerNodes
  #roots: readonly OwnerNode[] | undefined
  #missing: readonly OwnerNode[] | undefined

  constructor(nodes: OwnerNodes) {
    super()
    this.size = nodes.size
    this.#nodes = nodes
  }

  get roots(): readonly OwnerNode[] {
    this.#roots ??= this.#nodes.roots()
    return this.#roots
  }

  get missing(): readonly OwnerNode[] {
    this.#missing ??= this.#nodes.missing()
    return this.#missing
  }

  get(uid: string): OwnerNode | undefined {
    return this.#nodes.get(uid)
  }

  under(uid: string): OwnerNode[] {
    return this.#nodes.reach(uid, 'dependents')
  }

  above(uid: string): OwnerNode[] {
    return this.#nodes.reach(uid, 'owners')
  }
}

/** Shared by all graphs, so that its identity never changes. */
const EMPTY: OwnerGraphSnapshot = new GraphSnapshot(new OwnerNodes())

/**
 * Follows the owner references between the objects of its sources. It follows them while it has a listener, and catches up when it is read without
 * one, so it need not be closed. A change costs its owner references, not the size of the graph. Made by {@link createOwnerGraph}.
 */
export class OwnerGraph extends Opaque implements Readable<OwnerGraphSnapshot> {
  /** The snapshot of a graph without objects, for servers and hydration. */
  readonly initial: OwnerGraphSnapshot = EMPTY
  readonly #sources: readonly Source[]
  readonly #workLater: () => void
  readonly #nodes = new OwnerNodes()
  readonly #snapshots = new Listeners<OwnerGraphSnapshot>()
  #snapshot: OwnerGraphSnapshot = EMPTY
  #heard = 0

  /** @throws TypeError when a source is neither a store nor an informer. */
  constructor(sources: readonly OwnerGraphSource[], { schedule = (work) => void setTimeout(work, FRAME_MS) }: OwnerGraphOptions = {}) {
    super()
    this.#sources = sources.map((source) => new Source(sourceOf(source, 'createOwnerGraph')))
    this.#workLater = together(schedule, () => {
      if (this.#heard > 0 && this.#work()) this.#snapshots.notify(this.#snapshot)
    })
  }

  /** The present state; the same object until an object changes. */
  get snapshot(): OwnerGraphSnapshot {
    if (this.#heard === 0) this.#catchUp()
    return this.#snapshot
  }

  /** Calls back after each change of {@link snapshot}. Returns the function that ends it. Bound. */
  readonly subscribe = (listener: (snapshot: OwnerGraphSnapshot) => void): (() => void) => {
    const leave = this.#snapshots.add(listener)
    if (++this.#heard === 1) {
      for (const source of this.#sources) source.follow(() => this.#workLater())
      this.#catchUp()
    }
    return once(() => {
      leave()
      if (--this.#heard === 0) for (const source of this.#sources) source.rest()
    })
  }

  #catchUp(): void {
    for (const source of this.#sources) source.compare()
    this.#work()
  }

  /** Applies the changes of all sources. Returns whether there were any. */
  #work(): boolean {
    const changes = this.#sources.flatMap((source) => source.take())
    if (changes.length === 0) return false
    // First, because an object may have gone from one source to another.
    for (const { previous, entry } of changes) if (previous && previous.uid !== entry?.uid) this.#nodes.delete(previous.uid)
    for (const { entry } of changes) if (entry) this.#nodes.put(entry)
    this.#snapshot = new GraphSnapshot(this.#nodes)
    return true
  }
}

/** A source, and what the graph has of it. */
class Source {
  readonly #source: ViewSource<KubeObject>
  readonly #entries = new Map<string, Entry<KubeObject>>()
  /** The changes that the graph has not applied, by key; undefined for a deleted object. */
  #changes = new Map<string, Entry<KubeObject> | undefined>()
  /** The source's list when it was compared last; undefined when it must be compared again. */
  #seen: readonly Entry<KubeObject>[] | undefined
  #stop = () => {}

  constructor(source: ViewSource<KubeObject>) {
    this.#source = source
  }

  follow(onChange: () => void): void {
    this.#stop = this.#source.subscribe(({ changes }) => {
      for (const { type, entry } of changes) {
        if (type !== 'resynced') this.#changes.set(this.#source.keyOf(entry), type === 'deleted' ? undefined : entry)
      }
      if (this.#changes.size > 0) onChange()
    })
  }

  rest(): void {
    this.#stop()
    this.#seen = undefined
  }

  /** Finds what has changed while the source was not followed. */
  compare(): void {
    const entries = this.#source.list()
    if (entries === this.#seen) return
    this.#seen = entries
    const gone = new Set(this.#entries.keys())
    this.#changes = new Map()
    for (const entry of entries) {
      const key = this.#source.keyOf(entry)
      gone.delete(key)
      if (this.#entries.get(key) !== entry) this.#changes.set(key, entry)
    }
    for (const key of gone) this.#changes.set(key, undefined)
  }

  /** Returns the changes, which count as applied from now on. */
  take(): { readonly previous: Entry<KubeObject> | undefined; readonly entry: Entry<KubeObject> | undefined }[] {
    const taken = Array.from(this.#changes, ([key, entry]) => {
      const previous = this.#entries.get(key)
      if (entry) this.#entries.set(key, entry)
      else this.#entries.delete(key)
      return { previous, entry }
    })
    this.#changes = new Map()
    return taken.filter(({ previous, entry }) => previous !== entry)
  }
}

/**
 * Makes a graph of the objects of several kinds by their owners.
 *
 * @param sources stores or informers, or sources of `createLive`; each object is in one of them.
 * @throws TypeError when a source is neither a store nor an informer.
 * @example
 * ```ts
 * const graph = createOwnerGraph([live.source(Deployment), live.source(ReplicaSet), live.source(Pod)])
 * graph.subscribe(({ roots }) => draw(roots))
 * // React: const pods = useReadable(graph, (owners) => owners.under(uid))
 * ```
 */
export function createOwnerGraph(sources: readonly OwnerGraphSource[], options?: OwnerGraphOptions): OwnerGraph {
  return new OwnerGraph(sources, options)
}
