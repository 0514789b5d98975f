// JSON with exact numbers. The API server's integers have 64 bits; JavaScript's numbers represent 53. Detects inexact numbers when an
// object is read to be written back, and refuses them when it is written.

import { shown } from '../api/path-segment'
import { closingQuote } from './scan'

const MAX_DEPTH = 1_000
const MAX_UINT64 = 2 ** 64

/**
 * Serializes a value as `JSON.stringify` does, but never writes a number that differs from the caller's. Writes a bigint digit by digit.
 * Refuses numbers that may have been rounded when they were read: NaN, infinities, and integers beyond ±(2^53 − 1) that fit into 64 bits.
 *
 * @param place the prefix of the place in errors, such as `widgets web-1: `; default none.
 * @throws TypeError naming the refused field, or for a value nested more than 1,000 levels deep, such as one that contains itself.
 */
export function writeJson(value: unknown, place = ''): string | undefined {
  return write(value, '', place, 0)
}

function write(given: unknown, key: string, place: string, depth: number): string | undefined {
  const value = jsonValue(given, key)
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number') {
    const problem = numberProblem(value)
    if (problem) throw new TypeError(`${place || 'the value'}${place.endsWith(': ') ? '' : ': '}${problem}`)
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (depth >= MAX_DEPTH)
    throw new TypeError(`${place.slice(0, 100)}…: the value is more than ${MAX_DEPTH} levels deep, or contains itself`)
  if (Array.isArray(value)) {
    // Array.from fills the holes of a sparse array, which are null in JSON; map would keep them.
    return `[${Array.from(value, (item, i) => write(item, String(i), `${place}[${i}]`, depth + 1) ?? 'null').join(',')}]`
  }
  const members = Object.entries(value).flatMap(([name, member]) => {
    const text = write(member, name, memberPlace(place, name), depth + 1)
    return text === undefined ? [] : [`${JSON.stringify(name)}:${text}`]
  })
  return `{${members.join(',')}}`
}

/** Returns the value that `JSON.stringify` writes for a member; undefined when it omits the member. */
export function jsonValue(value: unknown, key: string): unknown {
  if (typeof value === 'bigint') return value
  if (typeof value === 'function' || typeof value === 'symbol') return undefined
  const { toJSON } = (value ?? {}) as { toJSON?: unknown }
  const own: unknown = typeof toJSON === 'function' ? toJSON.call(value, key) : value
  return own instanceof Number || own instanceof String || own instanceof Boolean ? own.valueOf() : own
}

/** Returns the place of a member for errors: `spec.limits['a.b']`. */
export function memberPlace(place: string, name: string): string {
  if (!/^[A-Za-z_$][\w$]*$/.test(name)) return `${place}[${shown(name)}]`
  return place === '' || place.endsWith(': ') ? place + name : `${place}.${name}`
}

function numberProblem(value: number): string | undefined {
  if (!Number.isFinite(value)) return `${value} cannot be written as JSON`
  if (!Number.isInteger(value) || Number.isSafeInteger(value) || Math.abs(value) > MAX_UINT64) return undefined
  return (
    `the integer ${value} is beyond 2^53, where JavaScript rounds: it may not be what the server sent or the caller meant. ` +
    'Write it as a bigint, or change other fields with client.patch or updateWithRetry'
  )
}

/**
 * Whether a JSON text has a number that changes when it is parsed and written back: an integer beyond ±(2^53 − 1), or a number without an
 * exact double (`1e400`, `1.0000000000000000001`).
 */
export function hasInexactNumber(text: string): boolean {
  const token = /"|-?\d[\d.eE+-]*/g
  for (let found = token.exec(text); found; found = token.exec(text)) {
    if (found[0] !== '"') {
      if (!isExact(found[0])) return true
      continue
    }
    const end = closingQuote(text, found.index + 1)
    if (end < 0) return false
    token.lastIndex = end + 1
  }
  return false
}

function isExact(literal: string): boolean {
  const value = Number(literal)
  // Most numbers are short integers.
  if (Number.isSafeInteger(value) && literal.length < 16 && !/[.eE]/.test(literal)) return true
  return numberProblem(value) === undefined && decimalOf(literal) === decimalOf(String(value))
}

/** Normalizes a literal to digits and an exponent, which are equal for literals of equal value. Ignores the sign of zero. */
function decimalOf(literal: string): string {
  const [, sign = '', integer = '', fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(literal) ?? []
  const digits = (integer + fraction).replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  return significant === '' ? '0' : `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`
}
