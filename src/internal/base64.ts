// Base64 and base64url: bytes to text and back. `btoa` and `atob` accept only Latin-1 text.

/** Encodes bytes as base64. */
export function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}

/** Decodes base64 and ignores white space. @throws DOMException when the text is not base64. */
export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}

/** Encodes the UTF-8 of a text as base64url without padding. */
export function toBase64Url(text: string): string {
  return toBase64(new TextEncoder().encode(text)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/**
 * Decodes base64url without padding to the text whose UTF-8 it is.
 *
 * @throws SyntaxError, DOMException or TypeError when it is not base64url, or its bytes are not UTF-8.
 */
export function fromBase64Url(encoded: string): string {
  if (!/^[\w-]+$/.test(encoded)) throw new SyntaxError('not base64url without padding')
  const bytes = fromBase64(encoded.replaceAll('-', '+').replaceAll('_', '/'))
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
}
