import { KubeError } from '../errors'
import { shown } from '../meta/path-segment'
import { printable } from './printable'

// Names come from a server: what is written of them must be harmless and well-formed whatever they are.

/** Words that cannot name a value or a type of a module, or mean something else where a name may stand. */
const reserved = new Set(
  [
    'arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for',
    'function if implements import in instanceof interface let new null package private protected public return static super switch',
    'this throw true try typeof var void while with yield Infinity NaN undefined',
    'any bigint boolean never number object string symbol unknown',
    'abstract accessor as asserts assert async constructor declare defer from get global infer intrinsic is keyof module namespace of out',
    'override readonly require satisfies set type unique using',
    // Taken by the compiler in modules that become CommonJS.
    'exports globalThis __esModule',
  ]
    .join(' ')
    .split(' '),
)

/** The names that are taken in one module. */
export class Names {
  readonly #taken = new Set<string>()

  /** Gives a name that is an identifier and still free: `wanted` itself, if it can be, without dashes and with underscores at the end if not. */
  claim(wanted: string): string {
    let name = wanted.replaceAll(/[^\w$]+(\w?)/g, (_, next: string) => next.toUpperCase()).replace(/^(?=\d|$)/, '_')
    while (reserved.has(name) || this.#taken.has(name)) name += '_'
    this.#taken.add(name)
    return name
  }
}

/** A string literal, on one line and readable whatever the text is. */
export function quote(text: string): string {
  return `'${printable(JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'"))}'`
}

/** A property's name, in quotes only if it needs them. */
export function propertyName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quote(name)
}

/** Names that Windows takes for devices, with whatever extension. */
const DEVICES = /^(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/

/**
 * A path of a module, without extension. It is lower case, so that two paths are never one on a file system that ignores case.
 *
 * @throws KubeError when a part could lead out of the folder, or cannot name a file.
 */
export function modulePath(...parts: readonly string[]): string {
  const strange = parts.find((part) => !/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/i.test(part) || part.includes('..'))
  if (strange !== undefined) throw new KubeError(`${shown(strange)}, a name the server gave, cannot name a file`)
  return parts.map((part) => part.toLowerCase().replace(DEVICES, '_$&')).join('/')
}
