// Finds functions of a query that change with each render.

import { keyOf } from './keyed'
import type { ViewQuery } from './query'

/** Renders in a row with another function before it is reported. */
const CHANGES = 3

/**
 * Makes a check that reports once when a function without a key has changed in three queries in a row: such a function is called for each object
 * after each render.
 */
export function inlineFunctionCheck(report: (message: string) => void): (query: ViewQuery<never>) => void {
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
      report(
        "kubeflect: a function of the view's query is another one in each render, so it is called again for every object. " +
          "Define it outside the component, or give it a key: keyed('name', (pod) => …), or field('status.phase').",
      )
  }
}
