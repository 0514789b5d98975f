import { objectKey } from '../api/keys'
import type { KubeObject } from '../api/object'
import { parseLabelSelector } from '../api/selectors'
import type { Entry } from '../codec/entry'
import { Opaque } from '../internal/opaque'
import type { NamespaceIndex } from './indexer'

/** The part of an Indexer that a {@link Lister} reads. */
export interface ListerSource<T, Names extends string = never> {
  list(): readonly Entry<T>[]
  get(key: string): Entry<T> | undefined
  byIndex(name: Names | NamespaceIndex, value: string): Entry<T>[]
}

/** Which entries to list. */
export interface ListerOptions {
  /** Such as `app=web,tier!=db`; left out or empty: whatever their labels. */
  labelSelector?: string | undefined
  /** Left out or empty: all of them. */
  namespace?: string | undefined
}

/**
 * Reads a cache as a client reads a server: by name, namespace and labels.
 *
 * @see client-go `cache.GenericLister`
 */
export class Lister<T extends KubeObject, Names extends string = never> extends Opaque {
  readonly #source: ListerSource<T, Names>

  constructor(source: ListerSource<T, Names>) {
    super()
    this.#source = source
  }

  /** The entry with a key (`namespace/name`, or `name` for cluster-scoped objects), or undefined. */
  get(key: string): Entry<T> | undefined {
    return this.#source.get(key)
  }

  /**
   * The entries of a namespace and with certain labels, in no particular order. Only labels are parsed, once for each entry.
   *
   * @throws SelectorError when the selector cannot be parsed; ParseError when an entry's text turns out not to be JSON: the store has dropped
   *   that entry then, and the next call goes without it.
   */
  list({ namespace = '', labelSelector = '' }: ListerOptions = {}): readonly Entry<T>[] {
    const selector = parseLabelSelector(labelSelector)
    const entries = namespace ? this.#source.byIndex('namespace', namespace) : this.#source.list()
    return selector.empty ? entries : entries.filter(({ labels }) => selector.matches(labels))
  }

  /**
   * The entries that have a value in an index, in no particular order.
   *
   * @throws TypeError when there is no such index.
   */
  byIndex(name: Names | NamespaceIndex, value: string): readonly Entry<T>[] {
    return this.#source.byIndex(name, value)
  }

  /** Reads one namespace. */
  namespace(namespace: string): NamespaceLister<T> {
    return {
      get: (name) => this.get(objectKey(namespace, name)),
      list: (options) => this.list({ ...options, namespace }),
    }
  }
}

/**
 * A {@link Lister} of one namespace.
 *
 * @see client-go `cache.GenericNamespaceLister`
 */
export interface NamespaceLister<T> {
  /** The entry of a name; undefined when there is none. */
  get(name: string): Entry<T> | undefined
  /**
   * The namespace's entries with certain labels.
   *
   * @throws as {@link Lister.list}.
   */
  list(options?: Pick<ListerOptions, 'labelSelector'>): readonly Entry<T>[]
}
