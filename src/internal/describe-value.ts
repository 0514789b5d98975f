/** Says in an error's message what a caller passed: a string is quoted and cut at 40 characters, anything else is named by its type only. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40))
  return value === null ? 'null' : typeof value
}
