import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isWatchError } from '../../src/api/errors'
import { LineSplitter } from '../../src/codec/lines'
import { byteByByte, cutAt, cuts, utf8 } from './chunks'

function split(chunks: readonly Uint8Array[], options?: { maxLineLength?: number }): { lines: string[]; error: unknown } {
  const splitter = new LineSplitter(options)
  const lines: string[] = []
  const emit = (text: string, start: number, end: number) => void lines.push(text.slice(start, end))
  try {
    for (const chunk of chunks) splitter.push(chunk, emit)
    splitter.end(emit)
  } catch (error) {
    return { lines, error }
  }
  return { lines, error: undefined }
}

const lineText = fc.string({
  unit: fc.oneof(
    fc.constantFrom('\u2028', '\u2029', '\u0085', '\r', '{', '"', '\\', 'ü', '😀', '\ufeff'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
})
const stream = fc.array(fc.tuple(lineText, fc.constantFrom('\n', '\r\n', '\n\n', ' \n'))).map((lines) => lines.flat().join(''))

describe('LineSplitter', () => {
  it('a LineSplitter emits the same lines however the bytes are cut', () => {
    fc.assert(
      fc.property(stream, cuts, (text, places) => {
        const whole = split([utf8(text)])
        expect(split(cutAt(text, places))).toEqual(whole)
        expect(split(byteByByte(text))).toEqual(whole)
      }),
    )
  })

  it('a LineSplitter loses nothing but line ends and blank lines', () => {
    fc.assert(
      fc.property(stream, (text) => {
        const expected = new TextDecoder()
          .decode(utf8(text))
          .split('\n')
          .filter((line) => line.trim() !== '')
        expect(split([utf8(text)]).lines).toEqual(expected)
      }),
    )
  })

  it.each([
    ['an empty stream', '', []],
    ['one line', 'a\n', ['a']],
    ['no final line end', 'a\nb', ['a', 'b']],
    ['blank lines', '\n\r\n \t\na\n\n', ['a']],
    ['U+2028, U+2029 and U+0085 inside a line', '"\u2028\u2029\u0085"\n', ['"\u2028\u2029\u0085"']],
    ['a byte order mark', '\ufeff{}\n', ['{}']],
  ])('splits %s', (_what, text, lines) => {
    expect(split([utf8(text)])).toEqual({ lines, error: undefined })
    expect(split(byteByByte(text))).toEqual({ lines, error: undefined })
  })

  it('a LineSplitter emits a line as soon as its end has arrived', () => {
    const splitter = new LineSplitter()
    const lines: string[] = []
    splitter.push(utf8('a\nb'), (text, start, end) => void lines.push(text.slice(start, end)))
    expect(lines).toEqual(['a'])
    splitter.push(utf8('c\n'), (text, start, end) => void lines.push(text.slice(start, end)))
    expect(lines).toEqual(['a', 'bc'])
  })

  it('an invalid or truncated byte sequence becomes U+FFFD', () => {
    expect(split([Uint8Array.of(0x61, 0xff, 0x0a), utf8('ü').slice(0, 1)]).lines).toEqual(['a\ufffd', '\ufffd'])
  })

  describe('with a bound', () => {
    it('a LineSplitter accepts lines up to its maximum', () => {
      expect(split([utf8('12345\n12345')], { maxLineLength: 5 })).toEqual({ lines: ['12345', '12345'], error: undefined })
    })

    it('a LineSplitter refuses a longer line with an error that names the maximum, after the lines before it, however the bytes are cut', () => {
      fc.assert(
        fc.property(cuts, (places) => {
          const { lines, error } = split(cutAt('1\n12345\n123456\n1\n', places), { maxLineLength: 5 })
          expect(lines).toEqual(['1', '12345'])
          expect(error).toSatisfy(isWatchError)
          expect(String(error)).toContain('maxLineLength (5 bytes)')
        }),
      )
    })

    it('a LineSplitter does not wait for the end of a line that is too long, and keeps nothing of it', () => {
      const splitter = new LineSplitter({ maxLineLength: 5 })
      const lines: string[] = []
      const emit = (text: string, start: number, end: number) => void lines.push(text.slice(start, end))
      expect(() => splitter.push(utf8('123456'), emit)).toThrow('maxLineLength')
      splitter.push(utf8('7\n'), emit)
      expect(lines).toEqual(['7'])
    })
  })
})
