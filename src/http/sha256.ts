// SHA-256 in plain JavaScript.

/** Returns the SHA-256 of a text as 64 hexadecimal digits. */
export function sha256Hex(text: string): string {
  return Array.from(sha256(new TextEncoder().encode(text)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/**
 * Computes SHA-256 at once. `crypto.subtle` is missing in pages without TLS, and answers from another thread, after an unknown time.
 *
 * @see FIPS 180-4
 */
export function sha256(message: Uint8Array): Uint8Array {
  const padded = new Uint8Array((((message.length + 8) >> 6) + 1) << 6)
  padded.set(message)
  padded[message.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(padded.length - 8, Math.floor(message.length / 2 ** 29))
  view.setUint32(padded.length - 4, message.length << 3)
  const { state, constants } = initialValues()
  const words = new Uint32Array(64)
  const word = (at: number) => words[at] as number
  for (let block = 0; block < padded.length; block += 64) {
    for (let at = 0; at < 64; at++) {
      if (at < 16) {
        words[at] = view.getUint32(block + at * 4)
        continue
      }
      const [w15, w2] = [word(at - 15), word(at - 2)]
      words[at] =
        word(at - 16) + (rotate(w15, 7) ^ rotate(w15, 18) ^ (w15 >>> 3)) + word(at - 7) + (rotate(w2, 17) ^ rotate(w2, 19) ^ (w2 >>> 10))
    }
    let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number]
    for (let at = 0; at < 64; at++) {
      const first = (h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + (constants[at] as number) + word(at)) | 0
      const second = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0
      ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0]
    }
    for (const [at, value] of [a, b, c, d, e, f, g, h].entries()) state[at] = (state[at] as number) + value
  }
  const digest = new DataView(new ArrayBuffer(32))
  for (const [at, value] of state.entries()) digest.setUint32(at * 4, value)
  return new Uint8Array(digest.buffer)
}

const rotate = (value: number, by: number): number => (value >>> by) | (value << (32 - by))

/** Returns the first 32 bits of the fractional parts of the square roots of 8 primes, and of the cube roots of 64. */
function initialValues(): { state: Uint32Array; constants: Uint32Array } {
  const state = new Uint32Array(8)
  const constants = new Uint32Array(64)
  const fraction = (root: number) => (root - Math.floor(root)) * 2 ** 32
  for (let candidate = 2, found = 0; found < 64; candidate++) {
    let isPrime = true
    for (let divisor = 2; divisor * divisor <= candidate; divisor++) isPrime &&= candidate % divisor !== 0
    if (!isPrime) continue
    if (found < 8) state[found] = fraction(Math.sqrt(candidate))
    constants[found++] = fraction(Math.cbrt(candidate))
  }
  return { state, constants }
}
