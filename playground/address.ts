/** What the page's address says. */
export interface Address {
  /** As `kubectl` would take it: `deployments.apps`, `deploy`. */
  readonly resource: string
  /** All namespaces when undefined. */
  readonly namespace: string | undefined
  readonly labelSelector: string | undefined
}

/** Reads an address. */
export function readAddress(search: string): Address {
  const parameters = new URLSearchParams(search)
  const read = (name: string) => parameters.get(name) || undefined
  return { resource: read('resource') ?? 'pods', namespace: read('namespace'), labelSelector: read('labelSelector') }
}

/** Writes an address, as short as it can be. */
export function writeAddress({ resource, namespace, labelSelector }: Address): string {
  const parameters = new URLSearchParams({
    ...(resource !== 'pods' && { resource }),
    ...(namespace && { namespace }),
    ...(labelSelector && { labelSelector }),
  })
  return parameters.size > 0 ? `?${parameters}` : location.pathname
}
