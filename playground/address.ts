/** The selection in the page's address. */
export interface Address {
  /** The resource as for `kubectl`: `deployments.apps`, `deploy`. */
  readonly resource: string
  /** The namespace; undefined for all namespaces. */
  readonly namespace: string | undefined
  readonly labelSelector: string | undefined
}

/** Parses an address. */
export function readAddress(search: string): Address {
  const parameters = new URLSearchParams(search)
  const read = (name: string) => parameters.get(name) || undefined
  return { resource: read('resource') ?? 'pods', namespace: read('namespace'), labelSelector: read('labelSelector') }
}

/** Formats an address without defaults. */
export function writeAddress({ resource, namespace, labelSelector }: Address): string {
  const parameters = new URLSearchParams({
    ...(resource !== 'pods' && { resource }),
    ...(namespace && { namespace }),
    ...(labelSelector && { labelSelector }),
  })
  return parameters.size > 0 ? `?${parameters}` : location.pathname
}
