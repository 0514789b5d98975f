/** Where a list goes on: after which key, and in which version of the collection. */
export interface ContinueToken {
  /** The empty string: the version does not matter, the rest may be inconsistent with what came before. */
  readonly resourceVersion: string
  /** The last key that was delivered. */
  readonly after: string
}

const FORMAT = 'kubeflect/v1'

/** Writes a token as text that can stand in a URL. */
export function encodeContinue({ resourceVersion, after }: ContinueToken): string {
  const json = JSON.stringify({ v: FORMAT, rv: resourceVersion, after })
  return btoa(encodeURIComponent(json)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** Reads a token; undefined when it is none of ours. */
export function decodeContinue(text: string): ContinueToken | undefined {
  try {
    const token: unknown = JSON.parse(decodeURIComponent(atob(text.replaceAll('-', '+').replaceAll('_', '/'))))
    if (typeof token !== 'object' || token === null) return undefined
    const { v, rv, after } = token as Record<string, unknown>
    return v === FORMAT && typeof rv === 'string' && typeof after === 'string' ? { resourceVersion: rv, after } : undefined
  } catch {
    return undefined
  }
}
