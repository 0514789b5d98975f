import { printable } from './printable'

/** The longest line that is written. */
export const width = 140

/**
 * Makes a docstring of a description as the API server gives it: paragraphs, lists of enum values, `Deprecated:` somewhere in them.
 *
 * @returns the lines with their line ends; the empty string when there is nothing to say.
 */
export function docstring(description: string | undefined, indent: string): string {
  const blocks = blocksOf(description ?? '')
  if (!blocks.length) return ''
  const lines = blocks.flatMap((block, i) => [...(i && !block.startsWith('- ') ? [''] : []), ...wrap(block, width - indent.length - 3)])
  const [only] = lines
  if (lines.length === 1 && indent.length + `/** ${only} */`.length <= width) return `${indent}/** ${only} */\n`
  return [`${indent}/**`, ...lines.map((line) => `${indent} * ${line}`.trimEnd()), `${indent} */`, ''].join('\n')
}

// Each finds what comes before, and what the tag is to say.
const startsDeprecated = /^()deprecated[.:]\s+(.*)$/is
const mentionsDeprecated = /^(.*?)\bdeprecated[.:]\s+(.*)$/is
const saysDeprecated = /^(.*?[.]\s+)?((?:(?![.]\s).)*\b(?:is|as) deprecated\b.*)$/is

/** Paragraphs, then list items, then what is deprecated, each on one line. */
function blocksOf(description: string): string[] {
  const deprecated: string[] = []
  const blocks: string[] = []
  // Runs of white space are shortened first: the patterns below would try each part of one.
  const paragraphs = description
    .replaceAll(/[^\S\n]+/g, ' ')
    .replaceAll(/\n(?: ?\n)+/g, '\n\n')
    .split('\n\n')
  for (const [i, paragraph] of paragraphs.entries()) {
    // Only the first paragraph, or one that starts so, speaks of the whole; others may call one of several values deprecated.
    const found = i ? startsDeprecated.exec(paragraph) : (mentionsDeprecated.exec(paragraph) ?? saysDeprecated.exec(paragraph))
    const [, before = '', after] = found ?? [undefined, paragraph]
    blocks.push(...before.split(/\n\s*(?=- )/).map(clean))
    if (after) deprecated.push(clean(after))
  }
  return [...blocks.filter(Boolean), ...(deprecated.length ? [`@deprecated ${deprecated.join(' ')}`] : [])]
}

function clean(text: string): string {
  // Nothing in a description may end the comment, start a tag or do something to an editor.
  return printable(text.replaceAll(/\s+/g, ' ').trim())
    .replaceAll('*/', '*\\/')
    .replaceAll(/(?<=^|\s)@/g, '\\@')
}

function wrap(text: string, columns: number): string[] {
  const hanging = text.startsWith('- ') || text.startsWith('@') ? '  ' : ''
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const line = lines.at(-1)
    if (line === undefined) lines.push(word)
    else if (line.length + 1 + word.length <= columns) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(hanging + word)
  }
  return lines
}
