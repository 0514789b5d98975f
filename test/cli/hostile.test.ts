import fc from 'fast-check'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { isKubeError } from '../../src/api/errors'
import { openApiOf } from '../../src/cli/check'
import type { Documented } from '../../src/cli/plan'
import { renderModules } from '../../src/cli/render'
import { compile } from './compile.ts'
import { documentOf, type KindSample } from './support.ts'

// Documents of a hostile server: the generated code compiles, or the document is refused with an error that names the problem.

const render = (documents: readonly Documented[]) =>
  renderModules(
    documents.map((document) => ({ ...document, openApi: openApiOf(JSON.parse(JSON.stringify(document.openApi)), 'the OpenAPI') })),
    { header: '// generated', library: { resource: 'kubeflect', object: 'kubeflect' }, extension: '.js' },
  )
const filesOf = (documents: readonly Documented[], folder = '') => new Map(render(documents).map(({ path, text }) => [folder + path, text]))

/** Every word with a meaning to the compiler. */
const words = [
  ...Array.from({ length: ts.SyntaxKind.LastKeyword - ts.SyntaxKind.FirstKeyword + 1 }, (_, i) =>
    ts.tokenToString(ts.SyntaxKind.FirstKeyword + i),
  ),
  ...[
    'arguments',
    'eval',
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'valueOf',
    'exports',
    'globalThis',
    '__esModule',
  ],
  ...['NaN', 'Infinity', 'Object', 'Array', 'Promise', 'Record', 'Resource', 'KubeObject', 'ObjectMeta', '', '1', 'é', 'a b', '$', '_'],
].filter((word) => word !== undefined)

test('every keyword of TypeScript can be the name of a kind, a type and a property', { timeout: 120_000 }, () => {
  const properties = Object.fromEntries(words.map((word) => [word, { type: 'string' }]))
  const types = Object.fromEntries(
    words.map((word) => [`com.example.v1.parts.${word}`, { type: 'object', properties: { [word]: { type: 'string' } } }]),
  )
  const parts = Object.fromEntries(
    words.map((word) => [word, { $ref: `#/components/schemas/${encodeURIComponent(`com.example.v1.parts.${word}`)}` }]),
  )
  const kinds = words.map(
    (kind, i): KindSample => ({ kind, plural: `p${i}`, schema: { properties: { ...properties, parts: { properties: parts } } } }),
  )
  const files = filesOf([documentOf('example.com', 'v1', kinds, types)])
  expect(compile(files)).toEqual([])
  for (const name of ['keyof', 'infer', 'readonly', 'unique', 'asserts', 'is', 'type', 'declare', 'any', 'await', '__proto__']) {
    expect(files.get('example.com/v1.ts')).toContain(`kind: '${name}'`)
  }
})

describe('values that JSON can express and TypeScript cannot', () => {
  const odd: Record<string, object> = {
    emptyEnum: { type: 'string', enum: [] },
    emptyChoice: { anyOf: [] },
    emptyChoices: { anyOf: [], oneOf: [], allOf: [] },
    nulls: { enum: [null] },
    objects: { enum: [{ a: 1 }, 'x', [1]] },
    negative: { enum: [-1, -0, 0.5, 1e21, -1e-7, 2 ** 70] },
    comment: { type: 'string', description: '*/ export const owned = 1 /* `\u0024{x}` \u2028 \u2029 \u202e \u001b[2J **/ @owned' },
    quotes: { enum: ["'", '"', '\\', '\n', '\u2028', '`\u0024{1}`', '\u202e', '\ud800', "\\'", '</script>'] },
    map: { type: 'object', additionalProperties: {} },
    closed: { type: 'object', additionalProperties: false },
    both: { type: 'object', additionalProperties: { type: 'string' }, properties: { a: { type: 'integer' } } },
    port: { 'x-kubernetes-int-or-string': true, nullable: true, enum: [1] },
    strange: { type: 'strange' },
    self: { $ref: '#/components/schemas/com.example.v1.Self' },
    slash: { $ref: '#/components/schemas/com.example.v1.a~1b~0c' },
    percent: { $ref: '#/components/schemas/com.example.v1.d%2Fe' },
    bare: { $ref: '#/components/schemas/Bare' },
    upper: { $ref: '#/components/schemas/io.OTHER.V1.Thing' },
    lower: { $ref: '#/components/schemas/io.other.v1.Thing' },
  }
  const others = {
    'com.example.v1.Self': { $ref: '#/components/schemas/com.example.v1.Other' },
    'com.example.v1.Other': { anyOf: [{ type: 'string' }, { $ref: '#/components/schemas/com.example.v1.Self' }] },
    'com.example.v1.a/b~c': { type: 'object', properties: { again: { $ref: '#/components/schemas/com.example.v1.a~1b~0c' } } },
    'com.example.v1.d/e': { type: 'array', items: { $ref: '#/components/schemas/com.example.v1.d~1e' } },
    Bare: { type: 'object', properties: { back: { $ref: '#/components/schemas/com.example.v1.d~1e' } } },
    'io.OTHER.V1.Thing': { type: 'integer' },
    'io.other.v1.Thing': { type: 'string' },
  }

  test('values of JSON that TypeScript cannot express become the closest type, and compile', { timeout: 120_000 }, () => {
    const files = filesOf([documentOf('example.com', 'v1', [{ kind: 'Odd', plural: 'odds', schema: { properties: odd } }], others)])
    expect(compile(files)).toEqual([])
    const text = files.get('example.com/v1.ts') ?? ''
    for (const line of [
      'emptyEnum?: string\n',
      'emptyChoice?: unknown\n',
      'nulls?: null\n',
      'export type Self = unknown\n',
      'strange?: unknown\n',
    ]) {
      expect(text).toContain(line)
    }
    expect([...files.values()].join('').replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
    expect(text).not.toMatch(/^export const owned/m)
    // On a case-insensitive file system, paths that differ only in case are the same file.
    expect([...files.keys()]).toEqual(['example.com/v1.ts', 'other/v1.ts', 'schemas/other.ts'])
  })

  test('the type of 1e999 is number', () => {
    const document = JSON.parse('{"components":{"schemas":{"com.example.v1.A":{"properties":{"a":{"enum":[1e999,-1e999]}}}}}}')
    const { openApi } = documentOf('example.com', 'v1', [{ kind: 'A', plural: 'as' }])
    const schemas = {
      'com.example.v1.A': {
        ...document.components.schemas['com.example.v1.A'],
        'x-kubernetes-group-version-kind': [{ group: 'example.com', version: 'v1', kind: 'A' }],
      },
    }
    const [module] = renderModules([{ group: 'example.com', version: 'v1', openApi: { ...openApi, components: { schemas } } }], {
      header: '//',
      library: { resource: 'kubeflect', object: 'kubeflect' },
      extension: '.js',
    })
    expect(module?.text).toContain('a?: number | (number & {})\n')
  })

  test('kinds whose names differ only in case become two types of one module', { timeout: 60_000 }, () => {
    const kinds = ['Foo', 'FOO', 'foo'].map((kind) => ({ kind, plural: kind.toLowerCase(), schema: {} }))
    const files = filesOf([documentOf('example.com', 'v1', kinds)])
    expect([...files.keys()]).toEqual(['example.com/v1.ts'])
    expect(compile(files)).toEqual([])
  })

  test('reserved device names of Windows do not become names of files or folders', () => {
    const kinds = [{ kind: 'A', plural: 'as', schema: {} }]
    const groups = ['con.example.com', 'aux', 'example.com', 'console.example.com', 'com1.io']
    const paths = render(groups.flatMap((group) => ['v1', 'nul'].map((version) => documentOf(group, version, kinds)))).map(
      ({ path }) => path,
    )
    expect(paths.sort()).toEqual(
      ['_aux', '_com1.io', '_con.example.com', 'console.example.com', 'example.com'].flatMap((group) => [
        `${group}/_nul.ts`,
        `${group}/v1.ts`,
      ]),
    )
  })

  test.each(['../..', '..', 'a/b', '/etc', 'C:\\x', 'a\0', '', 'a'.repeat(300), '.ssh', 'x.', 'é'])(
    'refuses a version %j that cannot name a file',
    (version) => {
      if (version === '') return
      expect(() => render([documentOf('example.com', version, [{ kind: 'A', plural: 'as', schema: {} }])])).toThrow('cannot name a file')
    },
  )
})

const name = fc.oneof(fc.constantFrom(...words), fc.string({ maxLength: 8, unit: 'binary' }), fc.string({ maxLength: 8 }))
const reference = fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom('A', 'B', 'C', 'a~1b', '__proto__') },
  { weight: 1, arbitrary: fc.oneof(fc.constant('Lost'), fc.string({ maxLength: 5 })) },
)
const schema = fc.letrec<{ schema: object }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc.constantFrom({}, { type: 'string' }),
    fc.record(
      {
        $ref: fc.option(
          reference.map((to) => `#/components/schemas/com.example.v1.${to}`),
          { nil: undefined, freq: 4 },
        ),
        type: fc.constantFrom('object', 'array', 'string', 'integer', 'number', 'boolean', 'null', 'other', null),
        description: fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.constantFrom('*/', '/**', ' @x', '\u0024{a}`', 'Deprecated: x', '\u2028*/\u2029'),
        ),
        nullable: fc.boolean(),
        enum: fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.double(), fc.integer(), fc.constantFrom(null, true, {}, [])), {
          maxLength: 3,
        }),
        items: tie('schema'),
        properties: fc.dictionary(name, tie('schema'), { maxKeys: 3, noNullPrototype: true }),
        additionalProperties: fc.oneof(fc.boolean(), tie('schema')),
        required: fc.array(name, { maxLength: 2 }),
        anyOf: fc.array(tie('schema'), { maxLength: 2 }),
        oneOf: fc.array(tie('schema'), { maxLength: 2 }),
        allOf: fc.array(tie('schema'), { maxLength: 2 }),
        'x-kubernetes-int-or-string': fc.boolean(),
        'x-kubernetes-preserve-unknown-fields': fc.boolean(),
      },
      { requiredKeys: [], noNullPrototype: true },
    ),
  ),
})).schema
const documents = fc
  .record({
    kinds: fc.array(
      fc.record({ kind: name, schema: fc.option(schema, { nil: undefined }), scope: fc.constantFrom('Namespaced', 'Cluster') }),
      { minLength: 1, maxLength: 3 },
    ),
    others: fc.record({ A: schema, B: schema, C: schema, 'a/b': schema, ['__proto__']: schema }, { noNullPrototype: true }),
  })
  .map(({ kinds, others }) =>
    documentOf(
      'example.com',
      'v1',
      kinds.map(({ scope, ...kind }, i) => ({ ...kind, scope: scope as 'Cluster', plural: `p${i}` })),
      Object.fromEntries(Object.entries(others).map(([key, value]) => [`com.example.v1.${key}`, value])),
    ),
  )

test('the output compiles for any schemas, or an error names the refused schema', { timeout: 180_000 }, () => {
  const written = new Map<string, string>()
  let [runs, refused] = [0, 0]
  fc.assert(
    fc.property(documents, (document) => {
      const folder = `${runs++}/`
      try {
        for (const [path, text] of filesOf([document], folder)) {
          const { parseDiagnostics } = ts.createSourceFile(path, text, ts.ScriptTarget.Latest) as unknown as {
            parseDiagnostics: ts.Diagnostic[]
          }
          expect(parseDiagnostics.map(({ messageText }) => messageText)).toEqual([])
          written.set(path, text)
        }
      } catch (error) {
        if (!isKubeError(error)) throw error
        expect(error.message).toMatch(/refers to (the schema ".*", which it does not contain|".*", which is not one of its schemas)/)
        refused++
      }
    }),
    { numRuns: 200 },
  )
  expect(refused).toBeLessThan(runs / 2)
  expect(compile(written)).toEqual([])
})
