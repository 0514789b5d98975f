/** A warning that came with an answer: of a deprecated API, an unknown field, an admission policy. */
export interface ServerWarning {
  /** 299 with Kubernetes. */
  readonly code: number
  /** Who warns; `-` when it does not say. */
  readonly agent: string
  readonly text: string
}

/**
 * Takes the `Warning` headers of an answer apart; what is none is left out.
 *
 * @param header one header or several, joined by commas.
 * @see RFC 7234, 5.5; apimachinery `net.ParseWarningHeaders`
 */
export function parseWarnings(header: string): ServerWarning[] {
  return [...header.matchAll(/(\d{3}) ([^\s,"]+) "((?:[^"\\]|\\.)*)"(?: "[^"]*")?/g)].map(([, code, agent = '', quoted = '']) => ({
    code: Number(code),
    agent,
    text: utf8(quoted.replace(/\\(.)/g, '$1')),
  }))
}

// A header's bytes come as one character each, but the server wrote UTF-8.
const utf8 = (bytes: string): string => new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)))
