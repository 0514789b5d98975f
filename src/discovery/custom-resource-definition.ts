// The part of a CustomResourceDefinition that discovery uses.

import type { KubeObject } from '../api/object'
import { defineResource, type Resource } from '../api/resource'

/** A printer column of a custom resource definition. The object's name is always shown before it. */
export interface PrinterColumn {
  readonly name: string
  /** The type: `string`, `integer`, `number`, `boolean` or `date`. */
  readonly type: string
  readonly format?: string
  readonly description?: string
  /** The priority: columns of priority 0 (the default) are always shown, others only when there is room. */
  readonly priority?: number
  /** The JSONPath of the value in an object, such as `.spec.size`. */
  readonly jsonPath: string
}

/** A custom resource definition, limited to the used members. */
export interface CustomResourceDefinition extends KubeObject {
  spec: {
    group: string
    names: { plural: string; singular?: string; kind: string; shortNames?: string[]; categories?: string[] }
    scope: 'Namespaced' | 'Cluster'
    versions: {
      name: string
      served?: boolean
      subresources?: { status?: object }
      additionalPrinterColumns?: PrinterColumn[]
      selectableFields?: { jsonPath: string }[]
    }[]
  }
}

/** The resource of custom resource definitions. */
export const CustomResourceDefinition: Resource<CustomResourceDefinition> = defineResource<CustomResourceDefinition>({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  scope: 'Cluster',
})
