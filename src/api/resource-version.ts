// Compares resourceVersions.

/** Whether a text is a resourceVersion in the form API servers use: a decimal number. */
export function isResourceVersion(text: string): boolean {
  return /^(0|[1-9]\d*)$/.test(text)
}

/**
 * Orders two resourceVersions: negative when `a` is older than `b`, 0 when they are equal. Compares decimal numbers of any length as
 * strings.
 *
 * @see KEP-5504, which makes resourceVersions of one resource comparable
 */
export function compareResourceVersions(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)
}
