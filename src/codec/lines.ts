// Splits a stream of bytes into lines.

import { WatchError } from '../api/errors'
import { OPEN_BRACE } from './scan'
import { type Decoded, decoded, TextParts } from './text-parts'

/** The default maximum length of a line, in bytes: 16 Mi. */
export const MAX_LINE_LENGTH: number = 16 * 1024 * 1024

const LINE_FEED = 0x0a
/** The character that may precede a text without being part of it. */
export const BYTE_ORDER_MARK: number = 0xfeff

/**
 * Receives a line, which is `text.slice(start, end)`. The text may hold many lines, so a receiver must copy the part that it keeps.
 * `isAscii` says that all characters of the line are known to be ASCII.
 */
export type LineSink = (text: string, start: number, end: number, isAscii: boolean) => void

/**
 * Splits a stream of bytes into lines, independent of chunk boundaries: LF or CRLF, without blank lines; UTF-8 may be cut anywhere. Only LF
 * ends a line, because U+2028 and U+2029 may occur in JSON strings. A pure function of the pushed bytes.
 *
 * Decodes all complete lines of a chunk at once and searches them with `indexOf`, which is many times faster than decoding each line. If
 * they are not all ASCII, decodes them one by one: a single character beyond Latin-1 makes an engine store the whole text, and every slice
 * of it, with two bytes per character.
 */
export class LineSplitter {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  readonly #maxLineLength: number
  // The start of a line whose end has not arrived.
  readonly #pending = new TextParts()
  #begun = false

  constructor({ maxLineLength = MAX_LINE_LENGTH }: { maxLineLength?: number | undefined } = {}) {
    this.#maxLineLength = maxLineLength
  }

  /**
   * Adds a chunk and emits the lines that end in it. Keeps no reference to the chunk.
   *
   * @throws WatchError when a line exceeds the maximum length. The lines before it have been emitted.
   */
  push(chunk: Uint8Array, emit: LineSink): void {
    let from = 0
    const last = chunk.lastIndexOf(LINE_FEED)
    if (last >= 0) {
      if (this.#pending.length > 0) {
        from = chunk.indexOf(LINE_FEED) + 1
        this.#hold(chunk.subarray(0, from - 1))
        this.#emitWhole(this.#pending.take(), emit)
      }
      this.#emitLines(chunk.subarray(from, last + 1), emit)
      from = last + 1
    }
    if (from < chunk.length) this.#hold(chunk.subarray(from))
  }

  /** Ends the stream and emits the text after the last line end, if any. It may be a line, or the start of one. */
  end(emit: LineSink): void {
    if (this.#pending.length > 0) this.#emitWhole(this.#pending.take(), emit)
  }

  /** Emits the lines of bytes that end with a line feed. */
  #emitLines(bytes: Uint8Array, emit: LineSink): void {
    const { text, isAscii } = decoded(this.#decoder, bytes)
    for (let from = 0; from < bytes.length; ) {
      const end = isAscii ? text.indexOf('\n', from) : bytes.indexOf(LINE_FEED, from)
      this.#check(end - from)
      if (isAscii) emitLine(text, from, end, true, emit)
      else this.#emitWhole(decoded(this.#decoder, bytes.subarray(from, end)), emit)
      this.#begun = true
      from = end + 1
    }
  }

  /** Emits a line that was decoded separately. */
  #emitWhole({ text, isAscii }: Decoded, emit: LineSink): void {
    const start = !this.#begun && text.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : 0
    emitLine(text, start, text.length, isAscii, emit)
    this.#begun = true
  }

  #hold(bytes: Uint8Array): void {
    this.#check(this.#pending.length + bytes.length)
    this.#pending.add(bytes)
  }

  #check(length: number): void {
    if (length <= this.#maxLineLength) return
    this.#pending.take()
    throw new WatchError(`a watch event is longer than maxLineLength (${this.#maxLineLength} bytes)`)
  }
}

/** Emits a line unless it is blank. */
function emitLine(text: string, start: number, end: number, isAscii: boolean, emit: LineSink): void {
  if (text.charCodeAt(start) === OPEN_BRACE || text.slice(start, end).trim() !== '') emit(text, start, end, isAscii)
}
