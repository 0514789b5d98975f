import { describe, expect, test } from 'vitest'
import { docstring } from '../../src/cli/docs'

describe('docstrings', () => {
  test('a docstring is one line if it fits, and wrapped otherwise', () => {
    expect(docstring('Short.', '  ')).toBe('  /** Short. */\n')
    const lines = docstring('word '.repeat(60), '').trimEnd().split('\n')
    expect(lines).toHaveLength(5)
    expect(lines.every((line) => line.length <= 140)).toBe(true)
    expect(docstring(undefined, '')).toBe('')
  })

  test('a docstring keeps paragraphs and lists of values', () => {
    expect(docstring('First.\n\nPossible enum values:\n - `"A"` is a.\n - `"B"` is b.', '')).toBe(
      '/**\n * First.\n *\n * Possible enum values:\n * - `"A"` is a.\n * - `"B"` is b.\n */\n',
    )
  })

  test('a docstring marks a deprecated type or property, but not one with a deprecated value', () => {
    expect(docstring('An alias. Deprecated: Use the other.', '')).toBe('/**\n * An alias.\n *\n * @deprecated Use the other.\n */\n')
    expect(docstring('A phase.\n\nValues:\n - `"A"` is a. Deprecated: Not set.', '')).not.toContain('@deprecated')
    expect(docstring('A source.\n\nDEPRECATED: Mount something.', '')).toContain('@deprecated Mount something.')
    expect(docstring('A source. This API is deprecated since 1.22', '')).toBe(
      '/**\n * A source.\n *\n * @deprecated This API is deprecated since 1.22\n */\n',
    )
  })

  test('a description cannot end the comment or start a tag', () => {
    expect(docstring('Every "*/5 * * * *" or @daily', '')).toBe('/** Every "*\\/5 * * * *" or \\@daily */\n')
  })
})
