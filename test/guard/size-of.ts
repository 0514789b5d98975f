// Estimates the size of stored values.

/** Estimates the size of a value in a database: the characters of strings, the bytes of buffers, and 8 for every other primitive. */
export function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (ArrayBuffer.isView(value)) return value.byteLength
  if (typeof value !== 'object' || value === null) return 8
  return Object.values(value).reduce((sum: number, each) => sum + sizeOf(each), 0)
}
