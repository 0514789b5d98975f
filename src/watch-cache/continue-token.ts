import { forEachMember, skipSpace, skipValue } from '../meta/scan'

/** Where a list continues: from which key on, and in which version of the collection. */
export interface ContinueToken {
  /** The empty string: the newest version; the rest may be inconsistent with the pages before. */
  readonly resourceVersion: string
  /** Lower bound of the keys that follow. */
  readonly start: string
}

const FORMAT = 'meta.k8s.io/v1'

/**
 * Writes a token as kube-apiserver does, so that an API server with the same collection can continue the list.
 *
 * @param namespace the namespace of the list, which the token leaves out; the empty string for all namespaces.
 * @see apiserver `storage.EncodeContinue`
 */
export function encodeContinue({ resourceVersion, start }: ContinueToken, namespace: string): string {
  const key = `/${namespace ? start.slice(namespace.length + 1) : start}`
  // Written by hand: a version may have more digits than a number is exact.
  const json = `{"v":"${FORMAT}","rv":${resourceVersion || '-1'},"start":${JSON.stringify(key)}}`
  const bytes = Array.from(new TextEncoder().encode(json), (byte) => String.fromCharCode(byte)).join('')
  return btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/**
 * Reads a token of a list in a namespace.
 *
 * @param namespace the empty string for all namespaces.
 * @returns `undefined` for a token that kube-apiserver would refuse: another format, no version, an empty key, or a key that leaves the
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
  // Go's path.Clean would change such a key: it could reach beyond the list.
  if (key.split('/').some((part) => part === '' || part === '.' || part === '..')) return undefined
  return { resourceVersion: sign === '-' ? '' : digits, start: namespace ? `${namespace}/${key}` : key }
}

/** @throws DOMException, TypeError or SyntaxError when the token holds no JSON. */
function jsonOf(token: string): string {
  if (!/^[\w-]+$/.test(token)) throw new SyntaxError('a token is base64 for URLs, without padding')
  const bytes = Uint8Array.from(atob(token.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0))
  const json = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  JSON.parse(json)
  return json
}

/** The members of a JSON object, each as its text. @throws SyntaxError when it is no object. */
function membersOf(json: string): Partial<Record<string, string>> {
  const members: Record<string, string> = {}
  forEachMember(json, skipSpace(json, 0), (key, start) => {
    const end = skipValue(json, start)
    members[key] = json.slice(start, end)
    return end
  })
  return members
}
