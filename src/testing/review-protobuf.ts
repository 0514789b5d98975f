// Decodes reviews in protobuf, the form in which kubectl and client-go send them.

import type { JsonObject } from './json'

/** Kubernetes' media type for protobuf. */
export const PROTOBUF = 'application/vnd.kubernetes.protobuf'

/** The fields of a message by their numbers: a text, several texts, or a message. */
type Message = Readonly<Record<number, readonly [name: string, type: 'text' | 'texts' | Message]>>

const RESOURCE: Message = {
  1: ['namespace', 'text'],
  2: ['verb', 'text'],
  3: ['group', 'text'],
  4: ['version', 'text'],
  5: ['resource', 'text'],
  6: ['subresource', 'text'],
  7: ['name', 'text'],
}
const NON_RESOURCE: Message = { 1: ['path', 'text'], 2: ['verb', 'text'] }
const SELF: Message = { 1: ['resourceAttributes', RESOURCE], 2: ['nonResourceAttributes', NON_RESOURCE] }
const SUBJECT: Message = { ...SELF, 3: ['user', 'text'], 4: ['groups', 'texts'] }

/** The fields of review specs. @see k8s.io/api `authorization/v1/generated.proto`, `authentication/v1/generated.proto` */
const specs: Readonly<Record<string, Message>> = {
  SelfSubjectAccessReview: SELF,
  SubjectAccessReview: SUBJECT,
  LocalSubjectAccessReview: SUBJECT,
  SelfSubjectRulesReview: { 1: ['namespace', 'text'] },
  TokenReview: { 1: ['token', 'text'] },
}

/** The `runtime.Unknown` that wraps every object. */
const TYPE: Message = { 1: ['apiVersion', 'text'], 2: ['kind', 'text'] }
const MAGIC = 'k8s\u0000'

/** Reads the type and the spec of a review. @throws RangeError when the bytes are not such a message */
export function readReview(bytes: Uint8Array): JsonObject {
  if (new TextDecoder('latin1').decode(bytes.subarray(0, MAGIC.length)) !== MAGIC) throw new RangeError('the magic number is missing')
  const wrapped = new Map(fieldsOf(bytes.subarray(MAGIC.length)))
  const type = decode(wrapped.get(1) ?? new Uint8Array(), TYPE)
  const object = new Map(fieldsOf(wrapped.get(2) ?? new Uint8Array()))
  const spec = specs[String(type.kind)]
  return { ...type, spec: spec ? decode(object.get(2) ?? new Uint8Array(), spec) : {} }
}

function decode(bytes: Uint8Array, message: Message): JsonObject {
  const object: JsonObject = {}
  for (const [number, value] of fieldsOf(bytes)) {
    const [name, type] = message[number] ?? []
    if (name === undefined || type === undefined) continue
    if (typeof type === 'object') object[name] = decode(value, type)
    else if (type === 'text') object[name] = new TextDecoder().decode(value)
    else object[name] = [...((object[name] as string[] | undefined) ?? []), new TextDecoder().decode(value)]
  }
  return object
}

/** Yields the length-delimited fields of a message by number; skips numbers. */
function* fieldsOf(bytes: Uint8Array): Generator<readonly [number: number, value: Uint8Array]> {
  let at = 0
  const varint = (): number => {
    for (let value = 0, scale = 1; scale <= 2 ** 63; scale *= 128) {
      const byte = bytes[at++]
      if (byte === undefined) break
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
    throw new RangeError('unexpected EOF')
  }
  const skip = (length: number): Uint8Array => {
    const value = bytes.subarray(at, at + length)
    if (value.length < length) throw new RangeError('unexpected EOF')
    at += length
    return value
  }
  while (at < bytes.length) {
    const tag = varint()
    const wireType = tag % 8
    if (wireType === 0) varint()
    else if (wireType === 1) skip(8)
    else if (wireType === 2) yield [Math.floor(tag / 8), skip(varint())]
    else if (wireType === 5) skip(4)
    else throw new RangeError(`illegal wireType ${wireType}`)
  }
}
