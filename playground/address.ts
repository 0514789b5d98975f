// Reads and writes the page's address: what is shown, and in which view.
import { VIEWS, type ViewName } from './views/names.ts'

/** The selection in the page's address. */
export interface Address {
  /** The resource as for `kubectl`: `deployments.apps`, `deploy`. */
  readonly resource: string
  /** The namespace; undefined for all namespaces. */
  readonly namespace: string | undefined
  readonly labelSelector: string | undefined
  readonly view: ViewName
}

/** Parses an address. */
export function readAddress(search: string): Address {
  const parameters = new URLSearchParams(search)
  const read = (name: string) => parameters.get(name) || undefined
  const view = VIEWS.find((name) => name === read('view')) ?? 'table'
  return { resource: read('resource') ?? 'pods', namespace: read('namespace'), labelSelector: read('labelSelector'), view }
}

/** Formats an address without defaults. */
export function writeAddress({ resource, namespace, labelSelector, view }: Address): string {
  const parameters = new URLSearchParams({
    ...(resource !== 'pods' && { resource }),
    ...(namespace && { namespace }),
    ...(labelSelector && { labelSelector }),
    ...(view !== 'table' && { view }),
  })
  return parameters.size > 0 ? `?${parameters}` : location.pathname
}
