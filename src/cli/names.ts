// Turns the names of a server into identifiers, property names, string literals and paths.

import { KubeError } from '../api/errors'
import { shown } from '../api/path-segment'
import { printable } from './printable'

// A server may send any name; the output must be harmless and well-formed for every name.

/** Words that cannot name a value or a type of a module, or that have another meaning where a name is expected. */
const reserved = new Set(
  [
    'arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for',
    'function if implements import in instanceof interface let new null package private protected public return static super switch',
    'this throw true try typeof var void while with yield Infinity NaN undefined',
    'any bigint boolean never number object string symbol unknown',
    'abstract accessor as asserts assert async constructor declare defer from get global infer intrinsic is keyof module namespace of out',
    'override readonly require satisfies set type unique using',
    // CommonJS output of the compiler uses these names.
    'exports globalThis __esModule',
  ]
    .join(' ')
    .split(' '),
)

/** The names in use in one module. */
export class Names {
  readonly #taken = new Set<string>()

  /** Claims an unused identifier: `wanted` if possible, otherwise `wanted` without dashes and with trailing underscores. */
  claim(wanted: string): string {
    let name = wanted.replaceAll(/[^\w$]+(\w?)/g, (_, next: string) => next.toUpperCase()).replace(/^(?=\d|$)/, '_')
    while (reserved.has(name) || this.#taken.has(name)) name += '_'
    this.#taken.add(name)
    return name
  }
}

/** Returns a string literal that is readable and on one line for any text. */
export function quote(text: string): string {
  return `'${printable(JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'"))}'`
}

/** Returns a property name, quoted only when necessary. */
export function propertyName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quote(name)
}

/** Names that Windows reserves for devices, with any extension. */
const DEVICES = /^(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/

/**
 * Returns the path of a module, without extension. Lower case avoids collisions on case-insensitive file systems.
 *
 * @throws KubeError when a part could lead out of the folder, or cannot name a file.
 */
export function modulePath(...parts: readonly string[]): string {
  const strange = parts.find((part) => !/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/i.test(part) || part.includes('..'))
  if (strange !== undefined) throw new KubeError(`the server sent the name ${shown(strange)}, which cannot name a file`)
  return parts.map((part) => part.toLowerCase().replace(DEVICES, '_$&')).join('/')
}
