// Derives served resources from custom resource definitions.

import { defineResource } from '../api/resource'
import type { CustomResourceDefinition } from '../discovery/custom-resource-definition'
import type { ServedResource } from './served-resources'

/** Returns the resources of a custom resource definition, one for each version. */
export function definedResources({ spec: { group, names, scope, versions } }: CustomResourceDefinition): ServedResource[] {
  return versions
    .filter(({ served = true }) => served)
    .map(({ name: version, subresources, additionalPrinterColumns, selectableFields = [], ...described }) => ({
      resource: defineResource({ group, version, plural: names.plural, kind: names.kind, scope }),
      shortNames: names.shortNames,
      categories: names.categories,
      status: subresources?.status !== undefined,
      printerColumns: additionalPrinterColumns,
      fieldLabels: Object.fromEntries(selectableFields.map(({ jsonPath }) => [jsonPath.replace(/^\./, ''), ''])),
      schema: (described as { schema?: { openAPIV3Schema?: object } }).schema?.openAPIV3Schema,
    }))
}
