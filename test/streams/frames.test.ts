// Tests for WebSocket frames.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeFrame, FrameDecoder, MAX_MESSAGE, type Message, OPCODE } from '../../src/socket/frames'

/** Removes the mask of a client's frame, so that it is one of a server. */
function unmasked(frame: Uint8Array): Uint8Array {
  const marker = (frame[1] as number) & 0x7f
  const start = 2 + (marker < 126 ? 0 : marker === 126 ? 2 : 8)
  const mask = frame.subarray(start, start + 4)
  const data = frame.slice(start + 4).map((byte, i) => byte ^ (mask[i & 3] as number))
  return Uint8Array.of(frame[0] as number, marker, ...frame.subarray(2, start), ...data)
}

const serverFrame = (opcode: number, data: Uint8Array, isLast = true): Uint8Array => {
  const frame = unmasked(encodeFrame(opcode, data, Uint8Array.of(1, 2, 3, 4)))
  if (!isLast) frame[0] = opcode
  return frame
}

const size = fc.oneof(fc.nat(10), fc.constantFrom(125, 126, 127, 65_535, 65_536, 70_000))

test('messages of all sizes survive any cut into chunks', () => {
  fc.assert(
    fc.property(fc.array(size, { maxLength: 6 }), fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1 }), (sizes, cuts) => {
      const messages = sizes.map((length, i) => new Uint8Array(length).fill(i + 1))
      const bytes = Uint8Array.from(messages.flatMap((message) => [...serverFrame(OPCODE.binary, message)]))
      const decoder = new FrameDecoder()
      const decoded: Message[] = []
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const next = at + (cuts[i % cuts.length] as number)
        decoded.push(...decoder.push(bytes.subarray(at, next)))
        at = next
      }
      expect(decoded.map(({ opcode, data }) => [opcode, data.length, data[0]])).toEqual(
        messages.map((message) => [OPCODE.binary, message.length, message[0]]),
      )
    }),
    { numRuns: 50 },
  )
})

test('fragments are joined, also around a ping', () => {
  const decoder = new FrameDecoder()
  const frames = [
    serverFrame(OPCODE.binary, Uint8Array.of(1, 2), false),
    serverFrame(OPCODE.ping, Uint8Array.of(9)),
    serverFrame(OPCODE.continuation, Uint8Array.of(3), false),
    serverFrame(OPCODE.continuation, Uint8Array.of(4)),
  ]
  expect(frames.flatMap((frame) => decoder.push(frame)).map(({ opcode, data }) => [opcode, ...data])).toEqual([
    [OPCODE.ping, 9],
    [OPCODE.binary, 1, 2, 3, 4],
  ])
})

test('a message beyond the bound is refused before it is read', () => {
  const header = new Uint8Array(10)
  header[0] = 0x82
  header[1] = 127
  new DataView(header.buffer).setBigUint64(2, BigInt(MAX_MESSAGE + 1))
  expect(() => new FrameDecoder().push(header)).toThrow(`the server sent a message of more than ${MAX_MESSAGE} bytes`)
})
