// WebSocket frames (RFC 6455) for clients: bytes to messages and back, pure.

import { concat } from '../internal/concat'

/** The kinds of frames. */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** The longest message that is accepted, in bytes. The streams of Kubernetes send less than 64 KiB. */
export const MAX_MESSAGE: number = 16 * 1024 * 1024

/** A complete message, or a control frame. */
export interface Message {
  readonly opcode: number
  readonly data: Uint8Array
}

/**
 * Encodes a message as one frame.
 *
 * @param mask four random bytes: clients must mask.
 */
export function encodeFrame(opcode: number, data: Uint8Array, mask: Uint8Array): Uint8Array {
  const { length } = data
  const lengthBytes = length < 126 ? 0 : length < 0x1_0000 ? 2 : 8
  const frame = new Uint8Array(2 + lengthBytes + 4 + length)
  const view = new DataView(frame.buffer)
  frame[0] = 0x80 | opcode
  frame[1] = 0x80 | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127)
  if (lengthBytes === 2) view.setUint16(2, length)
  if (lengthBytes === 8) view.setBigUint64(2, BigInt(length))
  const start = 2 + lengthBytes
  frame.set(mask, start)
  for (let i = 0; i < length; i++) frame[start + 4 + i] = (data[i] as number) ^ (mask[i & 3] as number)
  return frame
}

/** Decodes a server's frames, however the bytes are cut, and joins fragmented messages. */
export class FrameDecoder {
  // The bytes of the frame that is incomplete.
  #chunks: Uint8Array[] = []
  #length = 0
  #needed = 2
  // The parts of the message that is incomplete.
  #parts: Uint8Array[] = []
  #partsLength = 0
  #opcode: number = OPCODE.binary

  /**
   * Decodes more bytes.
   *
   * @returns the messages that are complete now; their data does not share memory with `bytes`.
   * @throws RangeError when a message is longer than {@link MAX_MESSAGE}.
   */
  push(bytes: Uint8Array): Message[] {
    this.#chunks.push(bytes)
    this.#length += bytes.length
    const messages: Message[] = []
    while (this.#length >= this.#needed) {
      const buffer = this.#take()
      const frame = frameIn(buffer)
      if (typeof frame === 'number') {
        this.#needed = frame
        continue
      }
      const { opcode, isLast, start, end } = frame
      const message = this.#add(opcode, isLast, buffer.slice(start, end))
      if (message) messages.push(message)
      this.#chunks = [buffer.subarray(end)]
      this.#length = buffer.length - end
      this.#needed = 2
    }
    return messages
  }

  #take(): Uint8Array {
    if (this.#chunks.length > 1) this.#chunks = [concat(this.#chunks)]
    return this.#chunks[0] as Uint8Array
  }

  #add(opcode: number, isLast: boolean, data: Uint8Array): Message | undefined {
    // Control frames are never fragmented, and may come between fragments.
    if (opcode >= OPCODE.close) return { opcode, data }
    if (opcode !== OPCODE.continuation) this.#opcode = opcode
    if (isLast && this.#parts.length === 0) return { opcode: this.#opcode, data }
    this.#parts.push(data)
    this.#partsLength += data.length
    if (this.#partsLength > MAX_MESSAGE) throw tooLong()
    if (!isLast) return undefined
    const message = { opcode: this.#opcode, data: concat(this.#parts) }
    this.#parts = []
    this.#partsLength = 0
    return message
  }
}

/** The position of the first frame, or the number of bytes that are needed to find out more. */
function frameIn(buffer: Uint8Array): number | { opcode: number; isLast: boolean; start: number; end: number } {
  const [first = 0, second = 0] = buffer
  const marker = second & 0x7f
  const lengthBytes = marker < 126 ? 0 : marker === 126 ? 2 : 8
  const header = 2 + lengthBytes + (second & 0x80 ? 4 : 0)
  if (buffer.length < header) return header
  const view = new DataView(buffer.buffer, buffer.byteOffset)
  const length = lengthBytes === 0 ? marker : lengthBytes === 2 ? view.getUint16(2) : Number(view.getBigUint64(2))
  if (length > MAX_MESSAGE) throw tooLong()
  if (buffer.length < header + length) return header + length
  return { opcode: first & 0x0f, isLast: (first & 0x80) !== 0, start: header, end: header + length }
}

const tooLong = (): RangeError => new RangeError(`the server sent a message of more than ${MAX_MESSAGE} bytes`)
