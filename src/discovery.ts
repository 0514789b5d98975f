// Discovery: which resources a server has, what their objects look like, and what the user may do with them.

export { Access, type AccessOptions, type AccessQuery } from './access/access'
export type { PrinterColumn } from './discovery/custom-resource-definition'
export {
  type DiscoveredRoot,
  type DiscoverOptions,
  Discovery,
  discover,
  isUnknownResourceError,
  UnknownResourceError,
} from './discovery/discovery'
export { type OpenApiDocument, type OpenApiSchema, openapi, schemaOf } from './discovery/openapi'
export { printerColumns } from './discovery/printer-columns'
export type { ResourceQuery } from './discovery/resolve'
export type { DiscoveredGroup, DiscoveredResource, DiscoveredSubresource, DiscoveryFailure } from './discovery/resource'
export { type WatchDiscoveryOptions, watchDiscovery } from './discovery/watch'
