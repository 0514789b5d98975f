// Continue tokens in the format of kube-apiserver.

import { forEachMember, skipSpace, skipValue } from '../codec/scan'
import { fromBase64Url, toBase64Url } from '../internal/base64'

/** The position at which a list continues: the first key, and the version of the collection. */
export interface ContinueToken {
  /** The version; the empty string is the newest, with which the rest of the list may be inconsistent with the earlier pages. */
  readonly resourceVersion: string
  /** The lower bound of the remaining keys. */
  readonly start: string
}

const FORMAT = 'meta.k8s.io/v1'

/**
 * Encodes a token like kube-apiserver does, so that an API server with the same collection can continue the list.
 *
 * @param namespace the namespace of the list, which the token does not contain; the empty string for all namespaces.
 * @see apiserver `storage.EncodeContinue`
 */
export function encodeContinue({ resourceVersion, start }: ContinueToken, namespace: string): string {
  const key = `/${namespace ? start.slice(namespace.length + 1) : start}`
  // Not written with JSON.stringify: a version may exceed the exact range of a number.
  const json = `{"v":"${FORMAT}","rv":${resourceVersion || '-1'},"start":${JSON.stringify(key)}}`
  return toBase64Url(json)
}

/**
 * Decodes a token of a list in a namespace.
 *
 * @param namespace the empty string for all namespaces.
 * @returns `undefined` for a token that kube-apiserver would reject: another format, no version, an empty key, or a key outside the
 *   collection.
 * @see apiserver `storage.DecodeContinue`
 */
export function decodeContinue(text: string, namespace: string): ContinueToken | undefined {
  let members: Partial<Record<string, string>>
  try {
    members = membersOf(jsonOf(text))
  } catch {
    return undefined
  }
  const { v, rv = '', start = '""' } = members
  const [, sign, digits] = /^(-?)0*(\d+)$/.exec(rv) ?? []
  if (v !== `"${FORMAT}"` || digits === undefined || digits === '0' || !start.startsWith('"')) return undefined
  const key = (JSON.parse(start) as string).replace(/^\//, '')
  // Go's path.Clean would change such a key, which could then leave the list.
  if (key.split('/').some((part) => part === '' || part === '.' || part === '..')) return undefined
  return { resourceVersion: sign === '-' ? '' : digits, start: namespace ? `${namespace}/${key}` : key }
}

/** @throws DOMException, TypeError or SyntaxError when the token does not hold JSON. */
function jsonOf(token: string): string {
  const json = fromBase64Url(token)
  JSON.parse(json)
  return json
}

/**
 * Returns the members of a JSON object as text.
 *
 * @throws SyntaxError when the text is not an object.
 */
function membersOf(json: string): Partial<Record<string, string>> {
  const members: Record<string, string> = {}
  forEachMember(json, skipSpace(json, 0), (key, start) => {
    const end = skipValue(json, start)
    members[key] = json.slice(start, end)
    return end
  })
  return members
}
