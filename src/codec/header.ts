// Reads the identifying members of a JSON object (kind, apiVersion, name, uid, …) without parsing the rest.

import { ParseError } from '../api/errors'
import { forEachMember, type MemberVisitor, STOP, scalarAt, skipObjects, skipSpace, skipValue, stringAt, stringMembers } from './scan'

/** The kind and apiVersion of an object. */
export interface TypeMeta {
  readonly kind: string
  readonly apiVersion: string
}

/** The result of scanning an object's first members. */
export interface ObjectHeader extends TypeMeta {
  readonly name: string
  readonly namespace: string
  readonly uid: string
  readonly resourceVersion: string
  /** The range of `metadata.managedFields` and one adjacent comma, as `[from, to]`; undefined when there are none. */
  readonly managedFields: readonly [number, number] | undefined
  /** The index at which the scan stopped. */
  readonly end: number
}

/** Slightly more than a ParseError quotes. */
const EXCERPT = 300

// In the order in which the API server writes them.
const TYPE_META = stringMembers('kind', 'apiVersion')
const NAMES = stringMembers('name', 'generateName', 'namespace', 'uid', 'resourceVersion')

/** Options of {@link readHeader}. */
export interface HeaderOptions {
  /** Whether to scan the whole object for a second `metadata`. Default false. */
  isWhole?: boolean | undefined
}

/**
 * Reads the header of the JSON object that starts at `at`, and stops as soon as it is complete: the API server writes kind, apiVersion and
 * metadata first. The result does not depend on the order of members or on white space.
 *
 * @param end the end of the object, if known. Saves scanning an object whose metadata precedes any kind, as in most lists, only to learn
 *   that it has none; that scan takes several times as long. An object with a kind is assumed to have an apiVersion too.
 * @throws SyntaxError when there is no JSON object; ParseError when an identifying member appears twice: parsers take the last one, so the
 *   object would have two identities.
 */
export function readHeader(text: string, at: number, end?: number, { isWhole = false }: HeaderOptions = {}): ObjectHeader {
  const header: WritableHeader = {
    kind: '',
    apiVersion: '',
    name: '',
    generateName: '',
    namespace: '',
    uid: '',
    resourceVersion: '',
    managedFields: undefined,
    end: at,
  }
  let isRead = false
  const visit: MemberVisitor = (key, start) => {
    if (key === 'metadata' && isRead) throw twice(key, text, at)
    if (key === 'metadata' && text[start] === '{') {
      header.end = readMetadata(text, start, header)
      isRead = true
      if (end !== undefined && !isWhole && !header.kind && !text.slice(header.end, end).includes('kind"')) return STOP
    } else {
      header.end = skipValue(text, start)
      if (key === 'kind' || key === 'apiVersion') {
        if (header[key]) throw twice(key, text, at)
        header[key] = stringAt(text, start) ?? ''
      }
    }
    return isRead && !isWhole && header.kind && header.apiVersion ? STOP : header.end
  }
  forEachMember(text, at, visit, { members: TYPE_META, into: header })
  return header
}

/** A header under construction. The scan reads generateName along with the other names. */
type WritableHeader = { -readonly [K in keyof ObjectHeader]: ObjectHeader[K] } & { generateName: string }

function readMetadata(text: string, at: number, header: WritableHeader): number {
  let hasLabels = false
  const visit: MemberVisitor = (key, start, keyStart) => {
    if (key === 'managedFields') {
      const end = skipObjects(text, start)
      if (header.managedFields) throw twice(key, text, at)
      header.managedFields = withComma(text, keyStart, end)
      return end
    }
    const end = skipValue(text, start)
    if (key === 'name' || key === 'namespace') {
      if (header[key]) throw twice(key, text, at)
      header[key] = stringAt(text, start) ?? ''
    } else if (key === 'uid' || key === 'resourceVersion') {
      if (header[key]) throw twice(key, text, at)
      header[key] = scalarAt(text, start) ?? ''
    } else if (key === 'labels') {
      if (hasLabels) throw twice(key, text, at)
      hasLabels = true
    }
    return end
  }
  return forEachMember(text, at, visit, { members: NAMES, into: header })
}

function twice(key: string, text: string, at: number): ParseError {
  return new ParseError(`an object has the member ${JSON.stringify(key)} twice`, text.slice(at, at + EXCERPT))
}

/** Extends a member's range by the comma that its removal would leave behind: the one after it, or else the one before. */
function withComma(text: string, from: number, to: number): [number, number] {
  const next = skipSpace(text, to)
  if (text[next] === ',') return [from, next + 1]
  const before = text.lastIndexOf(',', from)
  return before >= 0 && skipSpace(text, before + 1) === from ? [before, to] : [from, to]
}
