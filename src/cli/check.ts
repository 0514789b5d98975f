// Checks the documents of servers and files once, so that the code after it can trust their types. As in Go, null means absent.

import { KubeError } from '../api/errors'
import { shown } from '../api/path-segment'
import type { GroupVersionKind, OpenApi, Operation, Schema, Schemas } from './openapi'

/** The maximum nesting depth of a document; schemas of CustomResourceDefinitions have up to about 100 levels. */
const MAX_DEPTH = 256

/** A place in a document, for messages. */
export class Place {
  /** The name of the document in messages. */
  readonly document: string
  readonly #path: string
  readonly depth: number

  /** @param document the name of the document in messages: `the OpenAPI of example.com/v1`. */
  constructor(document: string, path = '', depth = 0) {
    this.document = document
    this.#path = path
    this.depth = depth
  }

  /** Returns the place of a member or an item. */
  at(key: string | number): Place {
    const step = typeof key === 'number' ? `[${key}]` : /^[\w$-]+$/.test(key) ? `.${key}` : `[${shown(key)}]`
    return new Place(this.document, this.#path + step, this.depth + 1)
  }

  /** Rejects the value at this place. @throws KubeError always. */
  refuse(expected: string, value: unknown): never {
    throw new KubeError(`${this.document}: ${this} must be ${expected}, got ${shown(value)}`)
  }

  /** Rejects a place that is nested too deeply, such as one in a YAML anchor that contains itself. @throws KubeError */
  checkDepth(): void {
    if (this.depth > MAX_DEPTH) this.refuse(`nested less than ${MAX_DEPTH} levels deep`, 'more')
  }

  toString(): string {
    const path = this.#path.replace(/^\./, '')
    return path.length > 200 ? `${path.slice(0, 100)}…${path.slice(-100)}` : path || 'the document'
  }
}

/** Reads an object that may be absent. @throws KubeError for another type. */
export function objectAt(value: unknown, place: Place): Readonly<Record<string, unknown>> | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'object' || Array.isArray(value)) place.refuse('an object', value)
  return value as Readonly<Record<string, unknown>>
}

/** Reads a list; an absent one is empty. @throws KubeError for another type. */
export function listAt(value: unknown, place: Place): readonly unknown[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) place.refuse('a list', value)
  return value
}

/** Reads a string that may be absent. @throws KubeError for another type. */
export function stringAt(value: unknown, place: Place): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') place.refuse('a string', value)
  return value
}

/** Reads a boolean that may be absent. @throws KubeError for another type. */
export function booleanAt(value: unknown, place: Place): boolean | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'boolean') place.refuse('true or false', value)
  return value
}

/** Reads each present member of an object. */
export function mapAt<V>(
  value: unknown,
  place: Place,
  read: (member: unknown, place: Place) => V | undefined,
): Readonly<Record<string, V>> {
  const members = Object.entries(objectAt(value, place) ?? {}).flatMap(([name, member]): [string, V][] => {
    const found = read(member, place.at(name))
    return found === undefined ? [] : [[name, found]]
  })
  return Object.fromEntries(members)
}

/**
 * Reads a server document as the OpenAPI of one version of a group.
 *
 * @throws KubeError naming the document, the place and the expected type.
 */
export function openApiOf(value: unknown, document: string): OpenApi {
  const root = new Place(document)
  const { components, paths } = objectAt(value, root) ?? root.refuse('an object', value)
  const schemas = objectAt(components, root.at('components'))?.schemas
  return {
    components: { schemas: mapAt(schemas, root.at('components').at('schemas'), schemaAt) },
    paths: mapAt(paths, root.at('paths'), (path, at) => {
      const { get, post } = objectAt(path, at) ?? {}
      return defined({ get: operationAt(get, at.at('get')), post: operationAt(post, at.at('post')) })
    }),
  }
}

function operationAt(value: unknown, place: Place): Operation | undefined {
  const operation = objectAt(value, place)
  if (!operation) return undefined
  const [action, type] = ['x-kubernetes-action', 'x-kubernetes-group-version-kind'] as const
  return defined({ [action]: stringAt(operation[action], place.at(action)), [type]: groupVersionKindAt(operation[type], place.at(type)) })
}

function groupVersionKindAt(value: unknown, place: Place): GroupVersionKind | undefined {
  const type = objectAt(value, place)
  if (!type) return undefined
  const read = (member: string) => stringAt(type[member], place.at(member)) ?? ''
  return { group: read('group'), version: read('version'), kind: read('kind') }
}

/** Reads the used members of a schema. @throws KubeError naming the place of an invalid member. */
export function schemaAt(value: unknown, place: Place): Schema | undefined {
  const schema = objectAt(value, place)
  if (!schema) return undefined
  place.checkDepth()
  const string = (member: string) => stringAt(schema[member], place.at(member))
  const boolean = (member: string) => booleanAt(schema[member], place.at(member))
  const schemas = (member: string) => {
    const items = listAt(schema[member], place.at(member)).map((item, i) => schemaAt(item, place.at(member).at(i)) ?? {})
    return items.length > 0 ? items : undefined
  }
  const { properties, additionalProperties } = schema
  const types = listAt(schema[GVK], place.at(GVK)).flatMap((type, i) => groupVersionKindAt(type, place.at(GVK).at(i)) ?? [])
  const required = listAt(schema.required, place.at('required')).flatMap((name, i) => stringAt(name, place.at('required').at(i)) ?? [])
  const values = listAt(schema.enum, place.at('enum'))
  return defined({
    $ref: string('$ref'),
    type: string('type'),
    description: string('description'),
    nullable: boolean('nullable'),
    allOf: schemas('allOf'),
    anyOf: schemas('anyOf'),
    oneOf: schemas('oneOf'),
    // An empty list would mean that no value is valid.
    enum: values.length > 0 ? values : undefined,
    items: schemaAt(schema.items, place.at('items')),
    properties: properties === undefined || properties === null ? undefined : mapAt(properties, place.at('properties'), schemaAt),
    additionalProperties:
      typeof additionalProperties === 'boolean' ? additionalProperties : schemaAt(additionalProperties, place.at('additionalProperties')),
    required,
    'x-kubernetes-int-or-string': boolean('x-kubernetes-int-or-string'),
    'x-kubernetes-preserve-unknown-fields': boolean('x-kubernetes-preserve-unknown-fields'),
    'x-kubernetes-embedded-resource': boolean('x-kubernetes-embedded-resource'),
    [GVK]: types,
  })
}

const GVK = 'x-kubernetes-group-version-kind'

type Defined<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> }

/** Removes the members that are undefined. */
function defined<T extends object>(members: T): Defined<T> {
  return Object.fromEntries(Object.entries(members).filter(([, member]) => member !== undefined)) as Defined<T>
}

/** Returns a schema by name. Ignores inherited properties such as `constructor`. */
export function schemaNamed(schemas: Schemas, name: string | undefined): Schema | undefined {
  return name !== undefined && Object.hasOwn(schemas, name) ? schemas[name] : undefined
}
