// Decodes and encodes the texts of a kubeconfig: files and PEM.

/**
 * Decodes a text file like Go's YAML reader: UTF-8, or UTF-16 after a byte order mark, which PowerShell's `>` writes. Removes the mark.
 *
 * @throws TypeError when the bytes are not valid UTF-8 or UTF-16.
 */
export function decodeText(bytes: Uint8Array): string {
  const [first, second] = bytes
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le', { fatal: true }).decode(bytes)
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16le', { fatal: true }).decode(swapped(bytes))
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
}

/** Swaps the bytes of each pair, because not every runtime decodes big-endian UTF-16. */
function swapped(bytes: Uint8Array): Uint8Array {
  const result = bytes.slice()
  for (let at = 0; at + 1 < result.length; at += 2) [result[at], result[at + 1]] = [bytes[at + 1] ?? 0, bytes[at] ?? 0]
  return result
}

/** Decodes PEM. Its data is ASCII; its comments may be in any encoding. */
export const decodePem = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** Encodes a text as UTF-8. */
export const encodeText = (text: string): Uint8Array => new TextEncoder().encode(text)
