// Restores a text that was packed against a template. All that an entry needs of packing.

/**
 * Restores the text of a packed string, or the beginning of at least `most` characters. Each template has one such function, which its
 * entries keep.
 */
export type Unpack = (packed: string, most?: number) => string

/** The length of the shortest match. A shorter one takes as many characters as it saves. */
export const MIN_MATCH = 5

/**
 * Restores a text from slices of a template and literals.
 *
 * The packed string is the length of the text, then operations. An operation starts with a character of three bits for the number of
 * literal characters, three for the length of the match (0: none), and one that says that the match continues at the distance of the last
 * one. Numbers that do not fit, and positions, follow in groups of six bits, the lowest first; 64 marks a group that has a successor.
 *
 * @param most the length at which to stop; default the whole text.
 * @throws SyntaxError when the string is damaged, so that the length differs.
 */
export function unpack(template: string, packed: string, most: number = Number.POSITIVE_INFINITY): string {
  let at = 0
  const number = (): number => {
    let value = 0
    for (let shift = 0; ; shift += 6) {
      const group = packed.charCodeAt(at++)
      value |= (group & 63) << shift
      // Past the end of the string, `group` is NaN, which has no successor. Unsigned, so that a damaged string cannot move backwards.
      if (!(group & 64)) return value >>> 0
    }
  }
  const length = number()
  let text = ''
  let size = 0
  let distance = 0
  while (at < packed.length && size <= length && size < most) {
    const head = packed.charCodeAt(at++)
    let literals = (head >> 3) & 7
    let matched = head & 7
    if (literals === 7) literals += number()
    if (matched === 7) matched += number()
    if (!(head & 64)) distance = number() - size - literals
    if (literals > 0) text += packed.slice(at, at + literals)
    at += literals
    size += literals
    if (matched === 0) continue
    matched += MIN_MATCH - 1
    text += template.slice(size + distance, size + distance + matched)
    size += matched
  }
  if (text.length !== length && text.length < most)
    throw new SyntaxError(`a packed text is damaged: expected ${length} characters, got ${text.length}`)
  return text
}
