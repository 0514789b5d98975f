import { describe, expect, test } from 'vitest'
import type { Schema, Schemas } from '../../src/cli/openapi'
import type { Documented } from '../../src/cli/plan'
import { renderModules } from '../../src/cli/render'
import { compile } from './compile.ts'
import { documentOf, ref } from './support.ts'

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1'
const typeMeta = { apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata: ref(`${meta}.ObjectMeta`) }

describe('a kind', () => {
  test('a kind becomes an interface and a Resource of the same name, and inherits common members', () => {
    const widget = { description: 'A widget.', properties: { ...typeMeta, spec: ref('com.example.v1.WidgetSpec') } }
    const others = { 'com.example.v1.WidgetSpec': { type: 'object', properties: { size: { type: 'integer' } } } }
    expect(render(widget, others)).toBe(
      [
        '// generated',
        '',
        "import type { KubeObject, Resource } from 'kubeflect'",
        '',
        '/** A widget. */',
        'export interface Widget extends KubeObject {',
        '  spec?: WidgetSpec',
        '}',
        '',
        '/** The resource `widgets.example.com`, version v1; as a type, one of its objects. */',
        "export const Widget: Resource<Widget> = { group: 'example.com', version: 'v1', plural: 'widgets', kind: 'Widget', scope: 'Namespaced' }",
        '',
        'export interface WidgetSpec {',
        '  size?: number',
        '}',
        '',
      ].join('\n'),
    )
  })

  test('a kind that can only be created becomes a resource with a note, and a subresource does not', () => {
    const [module] = modules(documentOf('example.com', 'v1', [{ kind: 'Review', plural: 'reviews', action: 'post', schema: {} }]))
    expect(module?.kinds).toEqual(['Review'])
    expect(module?.text).toContain('It can be created, not listed.')
    expect(module?.text).toContain("scope: 'Cluster'")
  })

  test('a kind without a schema, or with an empty one, accepts any field', () => {
    const open = 'extends KubeObject {\n  [field: string]: unknown\n}'
    expect(render(undefined)).toContain(open)
    expect(render({ type: 'object', properties: typeMeta, 'x-kubernetes-preserve-unknown-fields': true })).toContain(open)
    expect(render({ type: 'object', properties: typeMeta })).toContain('extends KubeObject {}')
  })
})

describe('generated types', () => {
  const nested: Schema = { type: 'object', required: ['a'], properties: { a: { type: 'string', description: 'An a.' } } }

  test.each<[string, Schema, string]>([
    ['integers', { type: 'integer' }, 'number'],
    ['quantities', ref('io.k8s.apimachinery.pkg.api.resource.Quantity'), 'string'],
    ['times', ref(`${meta}.Time`), 'string'],
    ['int-or-string', ref('io.k8s.apimachinery.pkg.util.intstr.IntOrString'), 'number | string'],
    ['lists of int-or-string', { type: 'array', items: { 'x-kubernetes-int-or-string': true } }, '(number | string)[]'],
    ['int-or-string of a CRD', { anyOf: [{ type: 'integer' }, { type: 'string' }], 'x-kubernetes-int-or-string': true }, 'number | string'],
    ['one of several types', { oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] }, 'string | string[]'],
    ['conditions beside a type', { type: 'string', anyOf: [{ type: 'integer' }] }, 'string'],
    ['maps', { type: 'object', additionalProperties: { type: 'string' } }, '{ [key: string]: string }'],
    ['maps of anything', { type: 'object', additionalProperties: true }, '{ [key: string]: unknown }'],
    ['objects without a description', { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }, '{ [key: string]: unknown }'],
    ['anything', { 'x-kubernetes-preserve-unknown-fields': true }, 'unknown'],
    ['values of no schema', {}, 'unknown'],
    ['what may be null', { type: 'array', nullable: true, items: { type: 'boolean', nullable: true } }, '(boolean | null)[] | null'],
    ['enums, open for what a newer server says', { type: 'string', enum: ['Red', "It's blue"] }, "'Red' | 'It\\'s blue' | (string & {})"],
    ['enums of numbers', { type: 'integer', enum: [1, 2] }, '1 | 2 | (number & {})'],
    ['enums that YAML made booleans of', { type: 'string', enum: ['x', true] }, "'x' | true | (string & {})"],
    ['objects in place', nested, '{\n    /** An a. */\n    a: string\n  }'],
    ['lists of them', { type: 'array', items: nested }, '{\n    /** An a. */\n    a: string\n  }[]'],
    [
      'open objects',
      { ...nested, 'x-kubernetes-preserve-unknown-fields': true },
      '{\n    /** An a. */\n    a: string\n    [field: string]: unknown\n  }',
    ],
  ])('the type of %s matches the JSON on the wire', (_, schema, type) => {
    expect(render({ properties: { value: schema } })).toContain(`\n  value?: ${type}\n}`)
  })

  test('a property is optional unless required, and quoted when its name is not an identifier', () => {
    const properties = {
      size: { type: 'integer' },
      'with-dash': { type: 'boolean' },
      'a"b\'c\n': { type: 'string' },
      class: { type: 'string' },
    }
    expect(render({ properties, required: ['size', 'with-dash'] })).toContain(
      "  size: number\n  'with-dash': boolean\n  'a\"b\\'c\\n'?: string\n  class?: string\n}",
    )
  })

  test('a long union has one alternative per line', () => {
    const values = Array.from({ length: 12 }, (_, i) => `a-rather-long-value-${i}`)
    expect(render({ properties: { choice: { type: 'string', enum: values } } })).toContain(
      "  choice?:\n    | 'a-rather-long-value-0'\n    | 'a-rather-long-value-1'\n",
    )
  })
})

describe('modules', () => {
  test('modules import library types and types of other modules, each needed type written once', () => {
    const others: Schemas = {
      [`${meta}.LabelSelector`]: { type: 'object', properties: { matchLabels: { type: 'object' } } },
      'com.example.v1.Unused': {},
    }
    const properties = { owner: ref(`${meta}.OwnerReference`), selector: ref(`${meta}.LabelSelector`) }
    const kind = (name: string) => ({ kind: name, plural: name.toLowerCase(), schema: { properties } })
    const [a, b, shared] = modules(documentOf('a.com', 'v1', [kind('A')], others), documentOf('b.com', 'v2', [kind('B')], others))
    expect(a?.text).toContain(
      "import type { LabelSelector } from '../meta/v1.js'\nimport type { KubeObject, OwnerReference, Resource } from 'kubeflect'",
    )
    expect(b?.text).toContain("import type { LabelSelector } from '../meta/v1.js'")
    expect(shared).toMatchObject({ path: 'meta/v1.ts', kinds: [] })
    expect(shared?.text).toBe('// generated\n\nexport interface LabelSelector {\n  matchLabels?: { [key: string]: unknown }\n}\n')
    expect([a, b].some((module) => module?.text.includes('Unused'))).toBe(false)
  })

  test('types can refer to themselves', () => {
    const schema = { type: 'object', properties: { parts: { type: 'array', items: ref('com.example.v1.Tree') } } }
    expect(render({ properties: { tree: ref('com.example.v1.Tree') } }, { 'com.example.v1.Tree': schema })).toContain(
      'export interface Tree {\n  parts?: Tree[]\n}',
    )
  })

  test('a schema that is not an object with properties becomes a named type', () => {
    const text = render(
      { properties: { level: ref('com.example.v1.Level') } },
      { 'com.example.v1.Level': { type: 'integer', description: 'How high.' } },
    )
    expect(text).toContain('/** How high. */\nexport type Level = number\n')
  })

  test('kinds keep their names where possible, and reserved or duplicate names change', { timeout: 60_000 }, () => {
    const kinds = ['Resource', 'Record', 'KubeObject', 'class', 'string', 'dashed-Thing', 'dashedThing'].map((kind) => ({
      kind,
      plural: `${kind.toLowerCase()}s`,
      schema: { properties: { ...typeMeta, data: { type: 'object' } } },
    }))
    const [module] = modules(documentOf('example.com', 'v1', kinds))
    expect(module?.text).toContain("import type { KubeObject as KubeObject_, Resource as Resource_ } from 'kubeflect'")
    const names = [...(module?.text ?? '').matchAll(/^export const (\S+): .*?(?:kind: '(\S+)')/gms)].map(
      ([, name, kind]) => `${kind} ${name}`,
    )
    expect(names.sort()).toEqual([
      'KubeObject KubeObject',
      'Record Record',
      'Resource Resource',
      'class class_',
      'dashed-Thing dashedThing_',
      'dashedThing dashedThing',
      'string string_',
    ])
    expect(compile(new Map([['example.com/v1.ts', module?.text ?? '']]))).toEqual([])
  })

  test('an error names a missing reference, and a group that would lead out of the folder', () => {
    expect(() => render({ properties: { lost: ref('com.example.v1.Lost') } })).toThrow(
      'refers to the schema "com.example.v1.Lost", which it does not contain',
    )
    expect(() => modules(documentOf('../..', 'v1', [{ kind: 'A', plural: 'as', schema: {} }]))).toThrow(
      'the name "../..", which cannot name a file',
    )
  })
})

function modules(...documents: readonly Documented[]) {
  return renderModules(documents, { header: '// generated', library: { resource: 'kubeflect', object: 'kubeflect' }, extension: '.js' })
}

/** Renders the module of `example.com/v1` with a kind Widget. */
function render(widget: Schema | undefined, others: Schemas = {}): string {
  const kind = { kind: 'Widget', plural: 'widgets', scope: 'Namespaced', schema: widget } as const
  return modules(documentOf('example.com', 'v1', [kind], others)).find(({ path }) => path === 'example.com/v1.ts')?.text ?? ''
}
