// Checks that entries are of the kind a reflector expects.

import { checkSchema } from '../api/check'
import { ParseError, WatchError } from '../api/errors'
import type { KubeObject } from '../api/object'
import { apiVersionOf, type Resource } from '../api/resource'
import type { StandardSchemaV1 } from '../api/standard-schema'
import { type Entry, startsWith } from '../codec/entry'
import { forEachMember, STOP, skipSpace, skipValue, stringAt } from '../codec/scan'

/**
 * Makes the check of `expectedType`: by kind, which reads the first bytes of an entry's text, and by schema, which parses it.
 *
 * @returns a function that throws for an unexpected entry: SchemaError or WatchError for a wrong object, ParseError for text that is not
 *   JSON.
 */
export function expectedTypeCheck<T extends KubeObject>(
  expected: Resource<T> | StandardSchemaV1<unknown, unknown> | undefined,
): (entry: Entry<T>) => void {
  if (!expected) return () => undefined
  if ('~standard' in expected) return (entry) => checkSchema(expected, entry.object)
  const { kind, schema } = expected
  const apiVersion = apiVersionOf(expected)
  // The form in which API servers write it, and entries of lists are completed.
  const usual = `{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)}`
  return (entry) => {
    if (!startsWith(entry, usual)) {
      const found = typeMetaOf(entry.text)
      if (found.kind !== kind || found.apiVersion !== apiVersion)
        throw new WatchError(`expected ${kind} (${apiVersion}), got ${found.kind} (${found.apiVersion}): ${entry.key}`)
    }
    if (schema) checkSchema(schema, entry.object)
  }
}

/** Reads only kind and apiVersion, which come first. */
function typeMetaOf(text: string): { kind: string | undefined; apiVersion: string | undefined } {
  let kind: string | undefined
  let apiVersion: string | undefined
  try {
    forEachMember(text, skipSpace(text, 0), (key, start) => {
      if (key === 'kind') kind = stringAt(text, start)
      else if (key === 'apiVersion') apiVersion = stringAt(text, start)
      return kind !== undefined && apiVersion !== undefined ? STOP : skipValue(text, start)
    })
  } catch (cause) {
    throw new ParseError('not a JSON object', text, { cause })
  }
  return { kind, apiVersion }
}
