// Copies slices of a string, so that they do not keep the whole string alive.

/**
 * Joins parts of a long text into a new string that shares no memory with it. Engines represent a slice of a long string as a view, so one
 * slice would keep a whole network chunk alive. Joining two or more slices copies them.
 */
export function flatten(text: string, ...more: string[]): string {
  if (more.length > 0) return [text, ...more].join('')
  const half = text.length >> 1
  return [text.slice(0, half), text.slice(half)].join('')
}
