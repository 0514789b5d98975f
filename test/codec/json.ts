import fc from 'fast-check'

/** What JSON can say. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** An object as a server could send it, and two texts of it. */
export interface Written {
  /** What `JSON.parse` makes of the text. */
  readonly object: { [key: string]: Json; metadata: { [key: string]: Json; name: string } }
  /** In any order of keys, with any white space and any escapes; on one line. */
  readonly line: string
  /** The same, with line ends among the white space. */
  readonly text: string
}

// Names that a scanner could take for what they are not, and text that looks like the end of something.
const trickyKeys = [
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'managedFields',
  'metadata',
  'kind',
  'apiVersion',
  'items',
  'type',
  'object',
  'f:x}]',
  'a"b',
  'a\\',
]
const trickyTexts = [
  '"}]',
  '\\',
  '\\"',
  '{"metadata":{"name":"no"}}',
  ',"managedFields":[]',
  '\u2028',
  '\u2029',
  '\ufeff',
  '\ud800',
  '😀',
  'größer',
  '\u0000',
  '\r\n',
  ']}',
  '',
]

const text = fc.oneof(fc.constantFrom(...trickyTexts), fc.string({ unit: 'binary', maxLength: 12 }), fc.string({ maxLength: 12 }))
// V8 13's JSON.parse takes an escaped key such as "\\u0061" for the key "\\" if it has seen an object with that one before. And `__proto__` is no plain key.
const key = fc.oneof(fc.constantFrom(...trickyKeys), text).filter((value) => !value.startsWith('\\') && value !== '__proto__')
// JSON has no negative zero that survives being written.
const number = fc
  .oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }))
  .map((value) => (Object.is(value, -0) ? 0 : value))
const scalar: fc.Arbitrary<Json> = fc.oneof(fc.constant(null), fc.boolean(), number, text)

/** Any JSON value, with a liking for look-alikes. */
export const json: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof({ depthSize: 'small', withCrossShrink: true }, scalar, fc.array(tie('value'), { maxLength: 4 }), members(tie('value'))),
})).value

function members(value: fc.Arbitrary<Json>): fc.Arbitrary<{ [key: string]: Json }> {
  return fc.array(fc.tuple(key, value), { maxLength: 5 }).map((pairs) => Object.fromEntries(pairs))
}

const name = fc.oneof(
  fc.constantFrom('web-1', 'a', '"}]', 'größer', 'x\\'),
  text.filter((value) => value !== '' && !value.includes('/')),
)

const metadata = fc.tuple(
  members(json),
  fc.record(
    {
      name,
      namespace: text.filter((value) => !value.includes('/')),
      uid: text,
      resourceVersion: fc.nat().map(String),
      managedFields: fc.oneof(json, fc.array(members(json), { maxLength: 3 })),
      labels: fc.dictionary(key, text, { maxKeys: 3 }),
    },
    { requiredKeys: ['name'] },
  ),
)

/** Any Kubernetes object, however a server may write it. */
export const written: fc.Arbitrary<Written> = fc
  .tuple(
    members(json),
    fc.record({ kind: fc.constantFrom('Pod', 'Ki"nd'), apiVersion: fc.constantFrom('v1', 'apps/v1'), spec: json }, { requiredKeys: [] }),
    metadata,
    fc.nat(),
  )
  .map(([{ metadata: _, kind: __, apiVersion: ___, ...rest }, known, [more, own], seed]) => {
    const { namespace: _ns, uid: _uid, resourceVersion: _rv, ...others } = more
    const object = { ...rest, ...known, metadata: { ...others, ...own } }
    return { object, line: write(object, seed), text: write(object, seed, { lineEnds: true }) }
  })

/** Writes a value as JSON in one of the many ways there are: which one is decided by the seed. */
export function write(value: Json, seed: number, { lineEnds = false }: { lineEnds?: boolean } = {}): string {
  const random = numbers(seed)
  const spaces = lineEnds ? ['', '', ' ', '\t', '\n', '\r\n  ', '\n\n'] : ['', '', '', ' ', '\t', '   ', '\r']
  const space = () => spaces[Math.floor(random() * spaces.length)] ?? ''
  // Unescaped, the halves of a surrogate pair stay together: the text goes through UTF-8.
  const string = (content: string) =>
    `"${Array.from(content, (character) => (random() < 0.05 ? escaped(character) : JSON.stringify(character).slice(1, -1))).join('')}"`
  const any = (part: Json): string => {
    if (typeof part === 'string') return string(part)
    if (Array.isArray(part)) return `[${space()}${part.map((item) => `${any(item)}${space()}`).join(`,${space()}`)}]`
    if (part === null || typeof part !== 'object') return JSON.stringify(part)
    const pairs = shuffled(Object.entries(part), random)
    return `{${space()}${pairs.map(([key, item]) => `${string(key)}${space()}:${space()}${any(item)}${space()}`).join(`,${space()}`)}}`
  }
  return `${space()}${any(value)}${space()}`
}

function escaped(character: string): string {
  if (character === '/') return '\\/'
  return Array.from({ length: character.length }, (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => [random(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item)
}

/** Numbers in [0, 1) that follow from a seed. */
function numbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/** A value without `metadata.managedFields`. */
export function withoutManagedFields(object: Written['object']): Json {
  const { managedFields: _, ...rest } = object.metadata
  return { ...object, metadata: rest }
}
