// Definitions of custom resources for the tests of `generate`.

/** Definitions of custom resources that cover all features of a schema. */
export const definitions: readonly object[] = [
  definition('example.com', 'gadgets', 'Gadget', 'Namespaced', {
    v1: {
      type: 'object',
      description: 'A gadget. Ends */ a comment.\n\nSecond paragraph with @tag.',
      required: ['spec'],
      properties: {
        spec: {
          type: 'object',
          description: 'What is wanted.',
          required: ['size', 'class'],
          properties: {
            size: { type: 'integer', minimum: 1, description: 'How large.' },
            replicas: { type: 'integer', nullable: true },
            class: { type: 'string', enum: ['small', "it's large"] },
            level: { type: 'integer', enum: [1, 2] },
            maxSurge: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
            'with-dash': { type: 'boolean' },
            'a"b\'c': { type: 'string' },
            constructor: { type: 'string' },
            free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
            anything: { 'x-kubernetes-preserve-unknown-fields': true },
            known: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: { a: { type: 'string' } } },
            template: { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
            labels: { type: 'object', additionalProperties: { type: 'string' } },
            open: { type: 'object', additionalProperties: true },
            parts: {
              type: 'array',
              items: {
                type: 'object',
                required: ['name'],
                properties: {
                  name: { type: 'string', description: 'The name. Deprecated: use id.' },
                  id: { type: 'string', nullable: true },
                },
              },
            },
            matrix: { type: 'array', items: { type: 'array', items: { type: 'string', enum: ['x', 'y'] } } },
            either: {
              type: 'object',
              properties: { a: { type: 'string' }, b: { type: 'string' } },
              oneOf: [{ required: ['a'] }, { required: ['b'] }],
            },
          },
        },
        status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      },
    },
    v1beta1: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  }),
  // Names that modules use themselves, names that cannot be used, and names that collide once they are cleaned.
  definition('odd.example.com', 'resources', 'Resource', 'Cluster', { v1: { type: 'object', properties: { data: { type: 'object' } } } }),
  definition('odd.example.com', 'records', 'Record', 'Cluster', { v1: { type: 'object' } }),
  definition('odd.example.com', 'classes', 'class', 'Cluster', { v1: { type: 'object' } }),
  definition('odd.example.com', 'dashed-things', 'dashed-Thing', 'Cluster', { v1: { type: 'object' } }),
]

function definition(group: string, plural: string, kind: string, scope: string, versions: Readonly<Record<string, object>>): object {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope,
      names: { plural, kind, singular: `one-${plural}` },
      versions: Object.entries(versions).map(([name, schema], i) => ({
        ...{ name, served: true, storage: i === 0, schema: { openAPIV3Schema: schema } },
        subresources: { status: {} },
      })),
    },
  }
}
