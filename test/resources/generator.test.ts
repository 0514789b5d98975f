import { describe, expect, test } from 'vitest'
import { docstring } from '../../scripts/generate/docs.ts'
import type { OpenApi, Schema } from '../../scripts/generate/openapi.ts'
import { renderResources, type Target } from '../../scripts/generate/render.ts'

const ref = (name: string): Schema => ({ allOf: [{ $ref: `#/components/schemas/${name}` }] })
const metadata = ref('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta')

describe('the generator of resources', () => {
  test('makes an interface and a Resource of one name, with metadata required and type metadata inherited', () => {
    expect(
      generate({ properties: { apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata, spec: ref('test.v1.WidgetSpec') } }),
    ).toContain(
      [
        'export interface Widget extends KubeObject {',
        '  metadata: ObjectMeta',
        '  spec?: WidgetSpec',
        '}',
        '',
        '/** The resource `widgets.test`, version v1; as a type, one of its objects. */',
        "export const Widget: Resource<Widget> = { group: 'test', version: 'v1', plural: 'widgets', kind: 'Widget', scope: 'Namespaced' }",
      ].join('\n'),
    )
  })

  test('types are those of the JSON on the wire, and a property is optional unless the schema requires it', () => {
    const text = generate({
      properties: {
        size: { type: 'integer' },
        port: ref('io.k8s.apimachinery.pkg.util.intstr.IntOrString'),
        memory: ref('io.k8s.apimachinery.pkg.api.resource.Quantity'),
        since: ref('io.k8s.apimachinery.pkg.apis.meta.v1.Time'),
        labels: { type: 'object', additionalProperties: { type: 'string' } },
        parts: { type: 'array', items: ref('test.v1.WidgetSpec') },
        colour: { type: 'string', enum: ['Red', "It's blue"] },
        colours: { type: 'array', items: { type: 'string', enum: ['Red'] } },
        'with-dash': { type: 'boolean' },
      },
      required: ['size'],
    })
    expect(text).toContain(`  size: number
  port?: number | string
  memory?: string
  since?: string
  labels?: Record<string, string>
  parts?: WidgetSpec[]
  colour?: 'Red' | 'It\\'s blue' | (string & {})
  colours?: ('Red' | (string & {}))[]
  'with-dash'?: boolean
}`)
  })

  test('imports what the library or another file has, and writes only types that are reached', () => {
    const text = generate({ properties: { metadata, selector: ref('other.v1.Selector') } }, { 'test.v1.Unused': { properties: {} } })
    expect(text).toMatch(/^\/\/ generated\n\nimport type \{ KubeObject, ObjectMeta \} from '..\/..\/meta\/object'\n/)
    expect(text).toContain("import type { Selector } from '../other/v1'")
    expect(text).not.toContain('Unused')
  })

  test('a type of no file, and a kind that is not listed, are errors that name it', () => {
    expect(() => generate({ properties: { alien: ref('nowhere.v1.Alien') } }, { 'nowhere.v1.Alien': {} })).toThrow(
      'nowhere.v1.Alien is needed',
    )
    expect(() => generate({ properties: { lost: ref('test.v1.Lost') } })).toThrow('describes no test.v1.Lost')
    expect(() => generate({}, {}, { kinds: ['Widget', 'WidgetSpec'] })).toThrow('test/v1 has no list of WidgetSpec')
  })
})

describe('docstrings', () => {
  test('are one line where they fit, and wrapped where not', () => {
    expect(docstring('Short.', '  ')).toBe('  /** Short. */\n')
    const lines = docstring('word '.repeat(60), '').trimEnd().split('\n')
    expect(lines).toHaveLength(5)
    expect(lines.every((line) => line.length <= 140)).toBe(true)
    expect(docstring(undefined, '')).toBe('')
  })

  test('keep paragraphs and lists of values', () => {
    expect(docstring('First.\n\nPossible enum values:\n - `"A"` is a.\n - `"B"` is b.', '')).toBe(
      '/**\n * First.\n *\n * Possible enum values:\n * - `"A"` is a.\n * - `"B"` is b.\n */\n',
    )
  })

  test('mark what is deprecated as a whole, and not what has a deprecated value', () => {
    expect(docstring('An alias. Deprecated: Use the other.', '')).toBe('/**\n * An alias.\n *\n * @deprecated Use the other.\n */\n')
    expect(docstring('A phase.\n\nValues:\n - `"A"` is a. Deprecated: Not set.', '')).not.toContain('@deprecated')
    expect(docstring('A source.\n\nDEPRECATED: Mount something.', '')).toContain('@deprecated Mount something.')
    expect(docstring('A source. This API is deprecated since 1.22', '')).toBe(
      '/**\n * A source.\n *\n * @deprecated This API is deprecated since 1.22\n */\n',
    )
  })

  test('cannot end the comment or start a tag', () => {
    expect(docstring('Every "*/5 * * * *" or @daily', '')).toBe('/** Every "*\\/5 * * * *" or \\@daily */\n')
  })
})

function generate(widget: Schema, others: Record<string, Schema> = {}, options: Partial<Target> = {}): string | undefined {
  const gvk = { group: 'test', version: 'v1', kind: 'Widget' }
  const get = { 'x-kubernetes-action': 'list', 'x-kubernetes-group-version-kind': gvk }
  const openApi: OpenApi = {
    components: { schemas: { 'test.v1.Widget': widget, 'test.v1.WidgetSpec': {}, 'other.v1.Selector': {}, ...others } },
    paths: {
      '/apis/test/v1/widgets': { get },
      '/apis/test/v1/namespaces/{namespace}/widgets': { get },
      '/apis/test/v1/namespaces/{namespace}/widgets/{name}': {},
    },
  }
  const targets: Target[] = [
    { path: 'test/v1', group: 'test', version: 'v1', prefix: 'test.v1.', kinds: ['Widget'], openApi, ...options },
    { path: 'other/v1', group: 'other', version: 'v1', prefix: 'other.v1.', kinds: [] },
  ]
  return renderResources(targets, '// generated').get('test/v1.ts')
}
