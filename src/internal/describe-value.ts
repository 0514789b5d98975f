// Describes a wrong argument for an error message.

/** Describes a value for an error message: quotes a string, cut at 40 characters, and names only the type of any other value. */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40))
  return value === null ? 'null' : typeof value
}
