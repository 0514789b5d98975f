// Parses the warnings of the API server.

/** A warning in a response: about a deprecated API, an unknown field or an admission policy. */
export interface ServerWarning {
  /** The warning code; Kubernetes sends 299. */
  readonly code: number
  /** The component that warns; `-` when it is not named. */
  readonly agent: string
  readonly text: string
}

/**
 * Parses the `Warning` headers of a response. Skips invalid ones.
 *
 * @param header one header, or several joined by commas.
 * @see RFC 7234, 5.5; apimachinery `net.ParseWarningHeaders`
 */
export function parseWarnings(header: string): ServerWarning[] {
  return [...header.matchAll(/(\d{3}) ([^\s,"]+) "((?:[^"\\]|\\.)*)"(?: "[^"]*")?/g)].map(([, code, agent = '', quoted = '']) => ({
    code: Number(code),
    agent,
    text: utf8(quoted.replace(/\\(.)/g, '$1')),
  }))
}

// A header has one character per byte, but the server wrote UTF-8.
const utf8 = (bytes: string): string => new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)))
