import type { KubeObject } from '../meta/object'
import { defineResource, type Resource } from '../meta/resource'

/** A column that a custom resource definition wants its objects shown with; the name always comes before. */
export interface PrinterColumn {
  readonly name: string
  /** `string`, `integer`, `number`, `boolean` or `date`. */
  readonly type: string
  readonly format?: string
  readonly description?: string
  /** 0, the default: always shown; more: where there is room. */
  readonly priority?: number
  /** Where the value is in an object: `.spec.size`. */
  readonly jsonPath: string
}

/** What makes a custom resource, as far as it is looked at. */
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

/** The definitions of custom resources. */
export const CustomResourceDefinition: Resource<CustomResourceDefinition> = defineResource<CustomResourceDefinition>({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  scope: 'Cluster',
})
