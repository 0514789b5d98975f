// Renders the descriptions of an OpenAPI document as docstrings.

import { printable } from './printable'

/** The maximum line length of the output. */
export const width = 140

/**
 * Renders a description of the API server as a docstring. Descriptions contain paragraphs, lists of enum values and `Deprecated:` notes.
 *
 * @returns the lines with their line ends, or the empty string for an empty description.
 */
export function docstring(description: string | undefined, indent: string): string {
  const blocks = blocksOf(description ?? '')
  if (!blocks.length) return ''
  const lines = blocks.flatMap((block, i) => [...(i && !block.startsWith('- ') ? [''] : []), ...wrap(block, width - indent.length - 3)])
  const [only] = lines
  if (lines.length === 1 && indent.length + `/** ${only} */`.length <= width) return `${indent}/** ${only} */\n`
  return [`${indent}/**`, ...lines.map((line) => `${indent} * ${line}`.trimEnd()), `${indent} */`, ''].join('\n')
}

// Each pattern matches the text before the tag, and the text of the tag.
const startsDeprecated = /^()deprecated[.:]\s+(.*)$/is
const mentionsDeprecated = /^(.*?)\bdeprecated[.:]\s+(.*)$/is
const saysDeprecated = /^(.*?[.]\s+)?((?:(?![.]\s).)*\b(?:is|as) deprecated\b.*)$/is

/** Returns the paragraphs, then the list items, then the deprecation, each on one line. */
function blocksOf(description: string): string[] {
  const deprecated: string[] = []
  const blocks: string[] = []
  // Collapse white space first: the patterns below would backtrack over each part of a long run.
  const paragraphs = description
    .replaceAll(/[^\S\n]+/g, ' ')
    .replaceAll(/\n(?: ?\n)+/g, '\n\n')
    .split('\n\n')
  for (const [i, paragraph] of paragraphs.entries()) {
    // A note in the first paragraph, or at the start of any paragraph, deprecates the whole. Elsewhere it may concern one of several values.
    const found = i ? startsDeprecated.exec(paragraph) : (mentionsDeprecated.exec(paragraph) ?? saysDeprecated.exec(paragraph))
    const [, before = '', after] = found ?? [undefined, paragraph]
    blocks.push(...before.split(/\n\s*(?=- )/).map(clean))
    if (after) deprecated.push(clean(after))
  }
  return [...blocks.filter(Boolean), ...(deprecated.length ? [`@deprecated ${deprecated.join(' ')}`] : [])]
}

function clean(text: string): string {
  // A description must not end the comment, start a tag or affect an editor.
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
