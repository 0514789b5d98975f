// Requests as the hooks of frameworks compare them.

import type { Resource } from '../api/resource'
import type { ViewQuery } from '../view/query'
import type { Readable } from '../view/readable'
import type { LiveSelection } from './feeds'
import { INITIAL_LIST, type LiveListReadable } from './list'
import { INITIAL_OBJECT, type LiveObjectReadable } from './object'

/** Describes the part of a request that the server answers: equal strings mean the same feed. `JSON.parse` returns the selection. */
export function selectionKey({ namespace, labelSelector, fieldSelector }: LiveSelection = {}): string {
  return JSON.stringify({ namespace, labelSelector, fieldSelector })
}

/** Identifies a resource, so that a definition may be created in each render. */
export function resourceKey({ group, version, plural }: Pick<Resource, 'group' | 'version' | 'plural'>): string {
  return `${group}/${version}/${plural}`
}

/** Names each part of a query, so that a part that is left out is undone. */
export function wholeQuery<T>({ filter = {}, sort = [], window = {} }: ViewQuery<T> = {}): ViewQuery<T> {
  return { filter, sort, window }
}

/** The value that servers render, and that a page hydrates with. */
export function initialOf<S>(readable: Readable<S>): S {
  return 'initial' in readable ? (readable.initial as S) : readable.snapshot
}

/** The list of a component that does not know yet what to list. */
export const NO_LIST: LiveListReadable<never> = {
  initial: INITIAL_LIST,
  snapshot: INITIAL_LIST,
  subscribe: () => () => {},
  update: () => {},
  whenReady: () => Promise.resolve(),
}

/** The object of a component that does not know its name yet. */
export const NO_OBJECT: LiveObjectReadable<never> = {
  initial: INITIAL_OBJECT,
  snapshot: INITIAL_OBJECT,
  subscribe: () => () => {},
  whenReady: () => Promise.resolve(),
}
