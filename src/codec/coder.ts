// Packs a text against a template: the counterpart of unpack.ts.

import { flatten } from '../internal/flatten'
import type { Prepared, Template } from './template'
import { MIN_MATCH } from './unpack'

const HASH_BITS = 12
/** Stand-ins for characters beyond ASCII. They differ, so that such characters never match, and neither is part of UTF-8. */
const WIDE_IN_TEMPLATE = 0xfe
const WIDE_IN_TEXT = 0xff
/** Buffers larger than this are dropped after use. */
const KEPT_BUFFER = 1 << 20

/** A text that was packed, in the coder's buffer until {@link Coder.take}. */
export interface PackedRange {
  readonly from: number
  readonly to: number
  /** The text, if it has characters beyond ASCII. */
  readonly wide: string | undefined
}

/**
 * Packs texts. Finds matches in the template like LZ4: first at the distance of the last match, since most names and times keep their
 * length, then by a hash of five characters. The text itself is not searched: that saves 4 % with a similar template, and unpacking would
 * no longer be joining slices.
 *
 * Several texts are packed before their strings are taken, because in Chromium each decoded string is an allocation outside of the heap.
 */
export class Coder {
  readonly #encoder = new TextEncoder()
  // 0xff, the stand-in, decodes to one U+FFFD, so positions are the same in the bytes and in the string.
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  #text = new Uint8Array(1 << 14)
  #out = new Uint8Array(1 << 14)
  #size = 0

  /** Packs a text. The result is in the buffer until {@link take}, or until {@link drop}. */
  pack(template: Template, text: string): PackedRange {
    const from = this.#size
    const source = template.prepared((plain) => this.#prepare(plain))
    const isAscii = this.#load(text, WIDE_IN_TEXT)
    this.#reserve(2 * text.length + 64)
    this.#number(text.length)
    this.#compress(source, text.length)
    return { from, to: this.#size, wide: isAscii ? undefined : text }
  }

  /** Drops the range that was packed last. */
  drop({ from }: PackedRange): void {
    this.#size = from
  }

  /** Returns the string of a range at once. */
  string({ from, to, wide }: PackedRange): string {
    const packed = this.#decode(from, to)
    return wide === undefined ? flatten(packed) : withWide(packed, wide)
  }

  /** Returns the strings of ranges, and empties the buffer. */
  take(ranges: readonly PackedRange[]): string[] {
    const all = ranges.every(({ wide }) => wide === undefined) ? this.#decode(0, this.#size) : undefined
    const strings = ranges.map((range) => (all === undefined ? this.string(range) : flatten(all.slice(range.from, range.to))))
    this.#size = 0
    if (this.#text.length > KEPT_BUFFER) this.#text = new Uint8Array(1 << 14)
    if (this.#out.length > KEPT_BUFFER) this.#out = new Uint8Array(1 << 14)
    return strings
  }

  #decode(from: number, to: number): string {
    return this.#decoder.decode(this.#out.subarray(from, to))
  }

  #prepare(text: string): Prepared {
    this.#load(text, WIDE_IN_TEMPLATE)
    const bytes = this.#text.slice(0, text.length)
    const view = new DataView(bytes.buffer)
    const table = new (bytes.length < 1 << 16 ? Uint16Array : Uint32Array)(1 << HASH_BITS)
    for (let at = 0; at + MIN_MATCH <= bytes.length; at++) table[hashAt(bytes, view, at)] = at + 1
    return { bytes, view, table }
  }

  /** Fills the text buffer with one byte for each character. Returns whether all of them are ASCII. */
  #load(text: string, wide: number): boolean {
    // UTF-8 takes at most three bytes for a UTF-16 code unit.
    if (this.#text.length < 3 * text.length) this.#text = new Uint8Array(4 * text.length)
    const isAscii = this.#encoder.encodeInto(text, this.#text).written === text.length
    if (isAscii) return true
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at)
      this.#text[at] = code < 0x80 ? code : wide
    }
    return false
  }

  #reserve(more: number): void {
    if (this.#out.length >= this.#size + more) return
    const old = this.#out
    this.#out = new Uint8Array(2 * (this.#size + more))
    this.#out.set(old)
  }

  #compress(source: Prepared, end: number): void {
    const { bytes: from, view: fromView, table } = source
    const bytes = this.#text
    const view = new DataView(bytes.buffer)
    const lastStart = end - MIN_MATCH
    const lastSource = from.length - MIN_MATCH
    let literal = 0
    let distance = 0
    for (let at = 0; at <= lastStart; ) {
      let found = at + distance
      let continues = found >= 0 && found <= lastSource && isMatch(fromView, found, view, at)
      if (!continues) {
        found = (table[hashAt(bytes, view, at)] ?? 0) - 1
        if (found < 0 || !isMatch(fromView, found, view, at)) {
          at++
          continue
        }
        continues = found - at === distance
      }
      let stop = at + MIN_MATCH
      const most = Math.min(end, stop + from.length - found - MIN_MATCH)
      const shift = found - at
      while (stop + 4 <= most && view.getUint32(stop, true) === fromView.getUint32(stop + shift, true)) stop += 4
      while (stop < most && bytes[stop] === from[stop + shift]) stop++
      let start = at
      while (start > literal && start + shift > 0 && bytes[start - 1] === from[start + shift - 1]) start--
      this.#operation(literal, start, stop - start, continues ? undefined : start + shift)
      distance = shift
      at = literal = stop
    }
    if (literal < end) this.#operation(literal, end, 0, undefined)
  }

  /** Writes literals, then a match; without a position it is at the last distance. */
  #operation(literal: number, start: number, matched: number, position: number | undefined): void {
    const literals = start - literal
    const length = matched === 0 ? 0 : matched - MIN_MATCH + 1
    this.#out[this.#size++] = (position === undefined ? 64 : 0) | (Math.min(literals, 7) << 3) | Math.min(length, 7)
    if (literals >= 7) this.#number(literals - 7)
    if (length >= 7) this.#number(length - 7)
    if (position !== undefined) this.#number(position)
    for (let at = literal; at < start; at++) this.#out[this.#size++] = this.#text[at] as number
  }

  #number(value: number): void {
    let rest = value
    for (; rest > 63; rest >>>= 6) this.#out[this.#size++] = (rest & 63) | 64
    this.#out[this.#size++] = rest
  }
}

/** Puts the characters beyond ASCII in the place of their stand-ins. All are literals, in the order of the text. */
function withWide(packed: string, text: string): string {
  const wide = text.match(/[^\0-\x7f]/g) ?? []
  let next = 0
  return packed.replace(/\ufffd/g, () => wide[next++] ?? '')
}

const isMatch = (template: DataView, found: number, text: DataView, at: number): boolean =>
  template.getUint32(found, true) === text.getUint32(at, true) && template.getUint8(found + 4) === text.getUint8(at + 4)

const hashAt = (bytes: Uint8Array, view: DataView, at: number): number =>
  Math.imul(view.getUint32(at, true) ^ Math.imul(bytes[at + 4] ?? 0, 0x9e3779b1), 0x85ebca6b) >>> (32 - HASH_BITS)
