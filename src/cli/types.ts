// Renders OpenAPI schemas as TypeScript types.

import { schemaNamed } from './check'
import { docstring, width } from './docs'
import { propertyName, quote } from './names'
import { referenceOf, type Schema, type Schemas } from './openapi'
import { scalars } from './well-known'

/** Returns the name of a schema's type in the module that refers to it. */
export type NameOf = (schemaName: string) => string

/** Renders the text after `export interface Name`, or returns undefined for a schema that is not an object with properties. */
export function renderBody(schema: Schema, nameOf: NameOf, indent = ''): string | undefined {
  const { properties = {}, required = [], additionalProperties } = schema
  const members = Object.entries(properties).map(([name, property]) => {
    const key = `${indent}  ${propertyName(name)}${required.includes(name) ? '' : '?'}:`
    return `${docstring(property.description, `${indent}  `)}${key}${renderUnion(alternativesOf(property, nameOf, `${indent}  `), key)}\n`
  })
  if (members.length === 0) return undefined
  const open = schema['x-kubernetes-preserve-unknown-fields'] || additionalProperties === true
  return `{\n${members.join('')}${open ? `${indent}  [field: string]: unknown\n` : ''}${indent}}`
}

/** Renders the type of a schema as a type expression. */
export function renderType(schema: Schema, nameOf: NameOf, indent = ''): string {
  return alternativesOf(schema, nameOf, indent).join(' | ')
}

/** Renders a union on the line of `key` if it fits, otherwise one alternative per line. */
function renderUnion(alternatives: readonly string[], key: string): string {
  const line = ` ${alternatives.join(' | ')}`
  if (alternatives.length === 1 || line.includes('\n') || key.length + line.length <= width) return line
  const indent = ' '.repeat(key.length - key.trimStart().length + 2)
  return alternatives.map((alternative) => `\n${indent}| ${alternative}`).join('')
}

function alternativesOf(schema: Schema, nameOf: NameOf, indent: string): string[] {
  const types = [...new Set(typesOf(schema, nameOf, indent))]
  if (types.includes('unknown')) return ['unknown']
  return schema.nullable && !types.includes('null') ? [...types, 'null'] : types
}

function typesOf(schema: Schema, nameOf: NameOf, indent: string): string[] {
  const reference = referenceOf(schema)
  if (reference !== undefined) {
    const scalar = schemaNamed(scalars, reference)
    return scalar ? typesOf(scalar, nameOf, indent) : [nameOf(reference)]
  }
  if (schema['x-kubernetes-int-or-string']) return ['number', 'string']
  if (schema.enum) return literalsOf(schema.enum)
  const choices = schema.anyOf ?? schema.oneOf
  // Next to a type, choices only add constraints.
  if (!schema.type && choices) return choices.flatMap((choice) => alternativesOf(choice, nameOf, indent))
  switch (schema.type) {
    case 'array': {
      const items = alternativesOf(schema.items ?? {}, nameOf, indent)
      return [items.length > 1 ? `(${items.join(' | ')})[]` : `${items[0]}[]`]
    }
    case 'object': {
      const { additionalProperties: values } = schema
      return [
        renderBody(schema, nameOf, indent) ??
          `{ [key: string]: ${typeof values === 'object' ? renderType(values, nameOf, indent) : 'unknown'} }`,
      ]
    }
    case 'integer':
    case 'number':
      return ['number']
    case 'string':
    case 'boolean':
      return [schema.type]
    default:
      return ['unknown']
  }
}

/**
 * Returns whether a type is defined only by itself (`A` is `B`, and `B` is `A` or a string), which TypeScript rejects. An object or a list in
 * between breaks the cycle.
 */
export function isCircular(name: string, schemas: Schemas): boolean {
  const seen = new Set<string>()
  const todo = aliasesOf(schemaNamed(schemas, name))
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    if (next === name) return true
    if (seen.has(next)) continue
    seen.add(next)
    todo.push(...aliasesOf(schemaNamed(schemas, next)))
  }
  return false
}

/** Returns the schemas that this schema is an alias of, or a union with. */
function aliasesOf(schema: Schema = {}): string[] {
  const reference = referenceOf(schema)
  if (Object.keys(schema.properties ?? {}).length > 0) return []
  if (reference !== undefined) return [reference]
  if (schema['x-kubernetes-int-or-string'] || schema.enum || schema.type) return []
  return (schema.anyOf ?? schema.oneOf ?? []).flatMap((choice) => choiceAliases(choice))
}

function choiceAliases(choice: Schema): string[] {
  // An inline object has properties, and no name to refer to.
  return referenceOf(choice) !== undefined ? [referenceOf(choice) as string] : aliasesOf({ ...choice, properties: {} })
}

function literalsOf(values: readonly unknown[]): string[] {
  const literals = values.map((value) => {
    if (typeof value === 'string') return quote(value)
    // 1e999 is valid JSON, but parses to Infinity.
    if (typeof value === 'number' && !Number.isFinite(value)) return 'number'
    return value === null || ['number', 'boolean'].includes(typeof value) ? String(value) : 'unknown'
  })
  // Open unions accept values of newer servers, while editors still suggest the known ones.
  const open = ['string', 'number'].filter((type) => values.some((value) => typeof value === type)).map((type) => `(${type} & {})`)
  return [...literals, ...open]
}
