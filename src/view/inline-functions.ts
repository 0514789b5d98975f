// Finds functions of a query that change with each render.

import { keyOf } from './keyed'
import type { ViewQuery } from './query'

/** Renders in a row with another function before it is reported. */
const CHANGES = 3

declare const process: { readonly env: { readonly NODE_ENV?: string } }

/** Bundlers replace the expression; without a bundler there is no process. */
function isDevelopment(): boolean {
  try {
    return process.env.NODE_ENV !== 'production'
  } catch {
    return false
  }
}

/**
 * Makes a check that prints one warning when a function without a key has changed in three queries in a row: such a function is called for each
 * object after each render. In production it does nothing.
 */
export function inlineFunctionCheck(): (query: ViewQuery<never>) => void {
  if (!isDevelopment()) return () => {}
  let before: readonly unknown[] = []
  let changes = 0
  return ({ filter, sort = [] }) => {
    const functions = [filter?.where, filter?.search?.in, ...[sort].flat().map((column) => (column as { by: unknown }).by)]
    const hasChanged = functions.some(
      (each, i) => each !== before[i] && before[i] !== undefined && each !== undefined && keyOf(each) === undefined,
    )
    before = functions
    changes = hasChanged ? changes + 1 : 0
    if (changes === CHANGES)
      // biome-ignore lint/suspicious/noConsole: A hint for developers, as React gives them.
      console.warn(
        "kubeflect: a function of the view's query is another one in each render, so it is called again for every object. " +
          "Define it outside the component, or give it a key: keyed('name', (pod) => …), or field('status.phase').",
      )
  }
}
