import { parseArgs } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { Host, ParseArgs } from '../../src/cli/host'
import { run } from '../../src/cli/run'
import { definitions } from './definitions.ts'

/** Runs `generate` on files given by name; `-` is stdin. */
async function generate(files: Readonly<Record<string, string>>, ...args: string[]) {
  const written = new Map<string, string>()
  let stderr = ''
  const host: Host = {
    args: ['generate', '--out', 'out', ...args],
    parseArgs: parseArgs as ParseArgs,
    version: async () => '',
    readFile: async (path) => files[path],
    readInput: async () => files['-'] ?? '',
    readBelow: async () => undefined,
    writeBelow: async (_, path, text) => void written.set(path, text),
    print: () => undefined,
    complain: (line) => {
      stderr += `${line}\n`
    },
  }
  const code = await run(
    host,
    () => Promise.reject(new Error('no cluster is asked')),
    () => Promise.reject(new Error('nothing is served here')),
    () => Promise.reject(new Error('nothing is relayed here')),
  )
  return { code, stderr, written, paths: [...written.keys()] }
}

const crd = (group: string, kind = 'Widget', schema = '{ type: object, properties: { spec: { type: object } } }') => `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: ${kind.toLowerCase()}s.${group} }
spec:
  group: ${group}
  scope: Namespaced
  names: { plural: ${kind.toLowerCase()}s, kind: ${kind} }
  versions:
    - { name: v1, served: true, storage: true, schema: { openAPIV3Schema: ${schema} } }
    - { name: v1alpha1, served: false, storage: false }
`

describe('generate --crd', () => {
  test('generate --crd writes each served version of a file with several documents, and skips other objects', async () => {
    const file = `# a comment\n---\n${crd('a.example.com')}---\n---\napiVersion: v1\nkind: ConfigMap\n---\n${crd('b.example.com')}---\n`
    const { code, paths, written } = await generate({ 'crds.yaml': file }, '--crd', 'crds.yaml')
    expect({ code, paths }).toEqual({ code: 0, paths: ['a.example.com/v1.ts', 'b.example.com/v1.ts'] })
    expect(written.get('a.example.com/v1.ts')).toContain('from CustomResourceDefinitions: do not edit')
    expect(written.get('a.example.com/v1.ts')).toContain("plural: 'widgets', kind: 'Widget', scope: 'Namespaced'")
  })

  test('generate --crd reads several files and stdin, puts kinds of one group into one module, and uses the last of two definitions with one name', async () => {
    const files = {
      'a.yaml': crd('example.com', 'Widget'),
      '-': crd('example.com', 'Gadget'),
      'b.yaml': crd('example.com', 'Widget', '{ type: object }'),
    }
    const { paths, written } = await generate(files, '--crd', 'a.yaml', '--crd=-', '--crd', 'b.yaml')
    expect(paths).toEqual(['example.com/v1.ts'])
    expect(written.get('example.com/v1.ts')).toContain('export interface Gadget extends KubeObject {\n  spec?')
    expect(written.get('example.com/v1.ts')).toContain('export interface Widget extends KubeObject {}')
  })

  test.each([
    ['List', { kind: 'List', apiVersion: 'v1', items: definitions }],
    [
      'CustomResourceDefinitionList',
      {
        kind: 'CustomResourceDefinitionList',
        apiVersion: 'apiextensions.k8s.io/v1',
        items: definitions.map((each) => ({ ...each, kind: undefined })),
      },
    ],
  ])('generate --crd reads JSON with a %s', async (_, list) => {
    const { paths } = await generate({ 'list.json': `\ufeff${JSON.stringify(list)}` }, '--crd', 'list.json')
    expect(paths).toEqual(['example.com/v1.ts', 'example.com/v1beta1.ts', 'odd.example.com/v1.ts'])
  })

  test('generate --crd reads YAML like kubectl: on is true, dates are strings, and the last duplicate key is used', async () => {
    const schema =
      '{ type: object, properties: { spec: { type: string, type: object, properties: { a: { enum: [on, 2001-01-01, "1:30", 0o7] } } } } }'
    const { written } = await generate({ 'a.yaml': crd('example.com', 'Widget', schema) }, '--crd', 'a.yaml')
    expect(written.get('example.com/v1.ts')).toContain("a?: true | '2001-01-01' | '1:30' | ")
  })

  test('generate --crd gives an embedded resource its type and metadata', async () => {
    const schema =
      '{ type: object, properties: { template: { type: object, x-kubernetes-embedded-resource: true, x-kubernetes-preserve-unknown-fields: true } } }'
    const { written } = await generate({ 'a.yaml': crd('example.com', 'Widget', schema) }, '--crd', 'a.yaml')
    expect(written.get('example.com/v1.ts')).toMatch(/template\?: \{[^}]*apiVersion: string[^}]*kind: string[^}]*metadata\?: ObjectMeta/)
  })

  test('generate --crd writes only the named groups, and lists the available ones for an unknown group', async () => {
    const files = { 'a.yaml': `${crd('a.example.com')}---${crd('b.example.com')}` }
    expect((await generate(files, '--crd', 'a.yaml', '--group', 'b.example.com')).paths).toEqual(['b.example.com/v1.ts'])
    expect(await generate(files, '--crd', 'a.yaml', '--group', 'c')).toMatchObject({
      code: 1,
      stderr: 'kubeflect: no definition belongs to the group "c"; available groups: a.example.com, b.example.com\n',
    })
  })

  test.each<[string, string | undefined, string]>([
    ['that is missing', undefined, 'a.yaml does not exist: --crd takes a file with CustomResourceDefinitions, or - for stdin'],
    ['that is empty', '', 'nothing to write: a.yaml has no CustomResourceDefinition'],
    ['without definitions', 'kind: ConfigMap', 'nothing to write: a.yaml has no CustomResourceDefinition'],
    ['that is an empty list', '[]', 'a.yaml: the document must be an object, got []'],
    ['that is a string', 'hello', 'a.yaml: the document must be an object, got "hello"'],
    ['that is no YAML', 'a: [', 'a.yaml: line 1 is not YAML'],
    ['whose second document is broken', `${crd('example.com')}---\na: "`, 'is not YAML'],
    ['with a list that contains itself', 'kind: List\nitems: &a\n- kind: List\n  items: *a', 'must be nested less than 256 levels deep'],
    ['with an alias to nothing', 'a: *b', 'a.yaml: '],
    [
      'with an alias bomb',
      `a: &a [x,x]\n${Array.from({ length: 20 }, (_, i) => `b${i}: &b${i} [${i ? `*b${i - 1},*b${i - 1}` : '*a,*a'}]`).join('\n')}`,
      'expands too often',
    ],
    [
      'of a version that is gone',
      crd('example.com').replace('k8s.io/v1', 'k8s.io/v1beta1'),
      'apiVersion must be apiextensions.k8s.io/v1, the only version',
    ],
    [
      'without a spec',
      'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition',
      'a.yaml: spec must be an object, got undefined',
    ],
    ['without names', crd('example.com').replace('names:', 'name:'), 'spec.names must be an object'],
    [
      'with another scope',
      crd('example.com').replace('Namespaced', 'namespaced'),
      'spec.scope must be Namespaced or Cluster, got "namespaced"',
    ],
    ['with versions of another type', crd('example.com').replace(/versions:.*/s, 'versions: { name: v1 }'), 'spec.versions must be a list'],
    [
      'with a plural that leads elsewhere',
      crd('example.com').replace('plural: widgets', 'plural: ../secrets'),
      'an API server would refuse the definition "../secrets"',
    ],
    [
      'with a group that leads elsewhere',
      crd('../..'),
      'an API server would refuse the definition "widgets": defineResource: group must be',
    ],
    ['with a version that leads elsewhere', crd('example.com').replace('name: v1,', 'name: ../v1,'), 'version must be'],
    [
      'with a schema of another type',
      crd('example.com', 'Widget', '5'),
      'spec.versions[0].schema.openAPIV3Schema must be an object, got 5',
    ],
    [
      'that serves no version',
      crd('example.com').replace('served: true', 'served: false'),
      'nothing to write: the definitions have no served version',
    ],
    ['with terminal escapes', 'kind: "\\e[2J', 'is not YAML'],
  ])('generate --crd reports a file %s with a clear error and exits with 1', async (_, text, message) => {
    const { code, stderr, paths } = await generate(text === undefined ? {} : { 'a.yaml': text }, '--crd', 'a.yaml')
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(message) })
    expect(paths).toEqual([])
  })
})
