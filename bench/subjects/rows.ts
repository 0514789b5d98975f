// Reads the first rows of a table as they arrive.

import type { Entry, KubeObject } from 'kubeflect'

const ROWS = 50

/**
 * Reads the first 50 rows as they arrive, like a page that shows them.
 *
 * @param shown called after the rows were read, possibly more than once.
 */
export function showFirst(shown: () => void): (entries: readonly Entry<KubeObject>[], before: number) => void {
  return (entries, before) => {
    for (const entry of entries.slice(0, Math.max(0, ROWS - before))) entry.object.metadata.name
    if (before + entries.length >= ROWS) shown()
  }
}
