import { WatchError } from '../api/errors'
import { OPEN_BRACE } from './scan'
import { type Decoded, decoded, TextParts } from './text-parts'

/** The longest line a watch takes by default, in bytes: 16 Mi. */
export const MAX_LINE_LENGTH: number = 16 * 1024 * 1024

const LINE_FEED = 0x0a
/** What a text may begin with that is none of it. */
export const BYTE_ORDER_MARK: number = 0xfeff

/**
 * Takes a line, which is `text.slice(start, end)`. The text may be that of many lines: what is kept of it is to be copied, or all of it is kept.
 * `isAscii` tells what the bytes have shown: the line has ASCII characters only.
 */
export type LineSink = (text: string, start: number, end: number, isAscii: boolean) => void

/**
 * Splits a stream of bytes into lines, whatever its chunks: LF or CRLF, blank lines left out, UTF-8 cut anywhere. Only LF ends a line:
 * U+2028 and U+2029 may stand inside JSON strings. A pure function of the bytes pushed.
 *
 * The whole lines of a chunk are decoded at once and searched with `indexOf`, which is many times as fast as decoding line by line. Where they are
 * not all ASCII they are decoded one by one after all: one character beyond Latin-1 makes an engine keep the whole text with two bytes per character,
 * and whatever is cut out of it.
 */
export class LineSplitter {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  readonly #maxLineLength: number
  // The beginning of a line whose end has not arrived.
  readonly #pending = new TextParts()
  #begun = false

  constructor({ maxLineLength = MAX_LINE_LENGTH }: { maxLineLength?: number | undefined } = {}) {
    this.#maxLineLength = maxLineLength
  }

  /**
   * Takes a chunk and emits the lines that end in it. Nothing of the chunk itself is kept.
   *
   * @throws WatchError when a line is longer than the bound; the lines before it have been emitted.
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

  /** Ends the stream: emits what stands after the last line end, if anything. It may be a line, or the beginning of one. */
  end(emit: LineSink): void {
    if (this.#pending.length > 0) this.#emitWhole(this.#pending.take(), emit)
  }

  /** Emits the lines of some bytes, each with its line feed. */
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

  /** Emits a line that was decoded by itself. */
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

/** Leaves out a blank line. */
function emitLine(text: string, start: number, end: number, isAscii: boolean, emit: LineSink): void {
  if (text.charCodeAt(start) === OPEN_BRACE || text.slice(start, end).trim() !== '') emit(text, start, end, isAscii)
}
