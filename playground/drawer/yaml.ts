// Writes an object as YAML, a line for each field, so that each line has the path of its field.
import { pathText } from 'kubeflect/live'

/** The names and indexes that lead to a field. */
type Path = Parameters<typeof pathText>[0]

/** A line of YAML. */
export interface YamlLine {
  readonly text: string
  /** The path of the field, as `diff` of `kubeflect/live` writes it; the empty string for the object itself. */
  readonly path: string
}

/** A text that YAML reads as a string without quotes. */
const PLAIN = /^[A-Za-z_/.][\w ./@%+=-]*$/
/** Words that YAML reads as something else. */
const RESERVED = /^(true|false|null|yes|no|on|off|y|n|~|\.inf|\.nan)$/i

/** Writes a JSON value as lines of YAML. */
export function yamlLines(value: unknown): YamlLine[] {
  return [...linesOf(value, [], '')]
}

function* linesOf(value: unknown, path: Path, indent: string): Generator<YamlLine, void> {
  const isList = Array.isArray(value)
  const members: readonly (readonly [string, string | number, unknown])[] = isList
    ? value.map((item, at) => ['-', at, item] as const)
    : Object.entries(Object(value)).map(([name, member]) => [`${scalar(name)}:`, name, member] as const)
  for (const [lead, step, member] of members) {
    const at = [...path, step]
    const isInner = typeof member === 'object' && member !== null && Object.keys(member).length > 0
    if (!isInner) yield { text: `${indent}${lead} ${scalar(member)}`, path: pathText(at) }
    else if (isList) {
      // The first field of an item stands beside its dash.
      const [first, ...rest] = linesOf(member, at, `${indent}  `)
      if (first) yield { text: `${indent}- ${first.text.slice(indent.length + 2)}`, path: first.path }
      yield* rest
    } else {
      yield { text: `${indent}${lead}`, path: pathText(at) }
      yield* linesOf(member, at, Array.isArray(member) ? indent : `${indent}  `)
    }
  }
}

function scalar(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value)
  return PLAIN.test(value) && !RESERVED.test(value) && !value.endsWith(' ') ? value : JSON.stringify(value)
}
