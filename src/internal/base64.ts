// Encodes base64.

/** Encodes bytes as base64. `btoa` accepts only Latin-1 text. */
export function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}
