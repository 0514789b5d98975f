// Reads a cache by name, namespace and labels.

import { objectKey } from '../api/keys'
import type { KubeObject } from '../api/object'
import { type LabelSelector, parseLabelSelector } from '../api/selectors'
import type { Entry } from '../codec/entry'
import { Opaque } from '../internal/opaque'
import type { NamespaceIndex } from './indexer'

/** The part of an Indexer that a {@link Lister} reads. */
export interface ListerSource<T, Names extends string = never> {
  list(): readonly Entry<T>[]
  get(key: string): Entry<T> | undefined
  byIndex(name: Names | NamespaceIndex, value: string): Entry<T>[]
  /** Returns the entries that a selector can match; undefined when every entry must be tested. Default: every entry is tested. */
  candidates?(selector: LabelSelector): readonly Entry<T>[] | undefined
}

/** Selects the entries to list. */
export interface ListerOptions {
  /** A selector such as `app=web,tier!=db`; default any labels. */
  labelSelector?: string | undefined
  /** The namespace; default all of them. */
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

  /** Returns the entry with a key (`namespace/name`, or `name` for cluster-scoped objects); undefined without one. */
  get(key: string): Entry<T> | undefined {
    return this.#source.get(key)
  }

  /**
   * Returns the entries of a namespace that match a label selector, in no particular order. Parses only labels, once for each entry.
   *
   * @throws SelectorError for an invalid selector; ParseError when an entry's text is not JSON. The store has dropped that entry, so the
   *   next call succeeds.
   */
  list({ namespace = '', labelSelector = '' }: ListerOptions = {}): readonly Entry<T>[] {
    const selector = parseLabelSelector(labelSelector)
    const inNamespace = namespace ? this.#source.byIndex('namespace', namespace) : undefined
    const entries = inNamespace ?? this.#source.candidates?.(selector) ?? this.#source.list()
    return selector.empty ? entries : entries.filter(({ labels }) => selector.matches(labels))
  }

  /**
   * Returns the entries that have a value in an index, in no particular order.
   *
   * @throws TypeError for an unknown index.
   */
  byIndex(name: Names | NamespaceIndex, value: string): readonly Entry<T>[] {
    return this.#source.byIndex(name, value)
  }

  /** Returns a lister of one namespace. */
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
  /** Returns the entry with a name; undefined without one. */
  get(name: string): Entry<T> | undefined
  /**
   * Returns the namespace's entries that match a label selector.
   *
   * @throws as {@link Lister.list}.
   */
  list(options?: Pick<ListerOptions, 'labelSelector'>): readonly Entry<T>[]
}
