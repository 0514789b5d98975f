/** About how much a value takes in a database: the characters of its strings, the bytes of its buffers, and 8 for anything else that has no parts. */
export function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (ArrayBuffer.isView(value)) return value.byteLength
  if (typeof value !== 'object' || value === null) return 8
  return Object.values(value).reduce((sum: number, each) => sum + sizeOf(each), 0)
}
