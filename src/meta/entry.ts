import { isParseError, ParseError } from '../errors'
import { flatten } from '../internal/flatten'
import { Opaque } from '../internal/opaque'
import { type ObjectHeader, readHeader, type TypeMeta } from './header'
import { isTooDeep, MAX_DEPTH, parseJson } from './json'
import { type ObjectIdentity, objectKey, splitMetaNamespaceKey } from './keys'
import type { KubeObject } from './object'
import { skipSpace, valueAt } from './scan'
import type { Labels } from './selectors'

/** What is known of an object without parsing it. */
export interface UnparsedEntry {
  /** `namespace/name`, or `name` for cluster-scoped objects. */
  readonly key: string
  readonly name: string
  /** The empty string for cluster-scoped objects. */
  readonly namespace: string
  readonly uid: string
  readonly resourceVersion: string
  /** The object as JSON, as the server wrote it, without `metadata.managedFields` unless those were asked for. */
  readonly text: string
}

/**
 * An object as a store keeps it: what names it, and the text the server sent. The object is parsed when it is read; as long as
 * anybody holds what was read, reading again gives the same object. An entry never changes: a changed object is another entry.
 *
 * An entry may be frozen. Vue leaves it as it is; behind any other `Proxy` it can be read as well, and parses once more there. Its own
 * enumerable properties are `key`, `uid`, `resourceVersion` and `text`, all strings: `structuredClone` and `JSON.stringify` copy these, and
 * {@link entryFromText} makes an entry of a copy's `text` again.
 */
export interface Entry<T> extends UnparsedEntry {
  /**
   * The object, parsed when read first.
   *
   * @throws ParseError when the text is not JSON, or names another object than the entry (a member stands there twice). A store drops such an entry and
   *   has it fetched again.
   */
  readonly object: T
  /**
   * The object's labels, read from the text once; nothing else is parsed for them.
   *
   * @throws as {@link object}.
   */
  readonly labels: Labels
}

/** Called when a reader finds that an entry's text is not JSON. */
export type OnUnreadable = (entry: UnparsedEntry) => void

/** What to leave of a text when an entry is made of it, and what to add. */
export interface EntryOptions {
  /** What to do with `metadata.managedFields`; default `'drop'`. */
  managedFields?: 'drop' | 'keep' | undefined
  /** Written in front of a text that lacks them, as the items of most lists do: entries look alike wherever they come from. */
  typeMeta?: TypeMeta | undefined
  /** Whether the text is known to have ASCII characters only: then nobody looks for others, which takes some engines long. */
  isAscii?: boolean | undefined
}

/**
 * Makes an entry of the object at `text.slice(start, end)`, whose header was read. The entry's text is a copy.
 *
 * @throws ParseError when the object has no name, or is nested too deep.
 */
export function makeEntry<T>(
  text: string,
  start: number,
  end: number,
  header: ObjectHeader,
  { managedFields = 'drop', typeMeta, isAscii = false }: EntryOptions = {},
): Entry<T> {
  const [from, to] = (managedFields === 'drop' && header.managedFields) || [end, end]
  const lacks = typeMeta !== undefined && header.kind === '' && header.apiVersion === ''
  const own = lacks
    ? flatten(
        `{"kind":${JSON.stringify(typeMeta.kind)},"apiVersion":${JSON.stringify(typeMeta.apiVersion)},`,
        text.slice(skipSpace(text, start + 1), from),
        text.slice(to, end),
      )
    : flatten(text.slice(start, from), text.slice(to, end))
  return newEntry(header, own, isAscii)
}

function newEntry<T>({ namespace, name, uid, resourceVersion }: ObjectHeader, own: string, isAscii: boolean): Entry<T> {
  if (!name) throw new ParseError('a Kubernetes object has a metadata.name, this has none', own)
  if (isTooDeep(own)) throw new ParseError(`${objectKey(namespace, name)} is nested deeper than ${MAX_DEPTH}`, own)
  return new TextEntry<T>(flatten(objectKey(namespace, name)), flatten(uid), flatten(resourceVersion), isAscii ? own : pack(own))
}

/** Engines keep a text with two bytes per character as soon as one of them is beyond Latin-1: as UTF-8 it is half of that. */
function pack(text: string): string | Uint8Array {
  return /[^\0-\xff]/.test(text) ? new TextEncoder().encode(text) : text
}

/**
 * Makes an entry of a text that is one JSON object.
 *
 * @throws ParseError when it is not, or the object has no name.
 */
export function entryFromText<T>(text: string, options?: EntryOptions): Entry<T> {
  const start = skipSpace(text, 0)
  return makeEntry<T>(text, start, text.length, headerOf(text, start), options)
}

/**
 * Makes an entry again of the text that one had. The text is kept as it is, so it must not be a part of a longer one.
 *
 * @throws as {@link entryFromText}.
 */
export function restoreEntry<T>(text: string): Entry<T> {
  return newEntry<T>(headerOf(text, 0), text, false)
}

function headerOf(text: string, start: number): ObjectHeader {
  try {
    return readHeader(text, start)
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    throw new ParseError('not a JSON object', text, { cause })
  }
}

/** Makes an entry again of the parts of one: nothing is scanned or checked. */
export function entryFromParts<T>(key: string, uid: string, resourceVersion: string, text: string): Entry<T> {
  return new TextEntry<T>(key, uid, resourceVersion, pack(text))
}

/**
 * Makes an entry of an object: its text is what `JSON.stringify` makes of it.
 *
 * @throws ParseError when the object has no name, or is nested so deep that it cannot be written.
 */
export function entryFromObject<T extends KubeObject>(object: T, options?: EntryOptions): Entry<T> {
  return entryFromText(stringify(object), options)
}

function stringify(object: KubeObject): string {
  try {
    return JSON.stringify(object)
  } catch (cause) {
    // The stack overflowed. A cycle is a TypeError.
    if (!(cause instanceof RangeError)) throw cause
    throw new ParseError(`${objectKey(object.metadata.namespace, object.metadata.name ?? '')} is nested too deep to be written`, '', {
      cause,
    })
  }
}

/**
 * Reads one value of an entry's object from the text: a part of what parsing the whole object costs, and nothing is kept.
 *
 * @param path the names of the members on the way, such as `['spec', 'nodeName']`.
 * @returns the value, of which nothing checks that it is a `V`; undefined when there is none.
 * @throws ParseError as `entry.object`.
 */
export function readValue<V = unknown>(entry: Entry<unknown>, path: readonly string[]): V | undefined {
  try {
    return valueAt(entry.text, path) as V | undefined
  } catch (cause) {
    // Says what is wrong, and has the store drop the entry.
    void entry.object
    throw cause
  }
}

/** Has a listener called when a reader finds that the entry's text is not JSON. An entry may be held by several stores. */
export function holdEntry(entry: Entry<unknown>, listener: OnUnreadable): void {
  TextEntry.of(entry).hold(listener)
}

/** Undoes {@link holdEntry}; does nothing when the listener is not there. */
export function releaseEntry(entry: Entry<unknown>, listener: OnUnreadable): void {
  TextEntry.of(entry).release(listener)
}

/** Whether a value is an {@link Entry}, also when it is behind a proxy. */
export function isEntry(value: unknown): value is Entry<unknown> {
  return value instanceof TextEntry
}

const LABELS = ['metadata', 'labels']
const NO_LABELS: Labels = Object.freeze({})

/** The text of an entry that keeps it as UTF-8. A function, since a proxy neither wraps nor hides one, and `Object.freeze` refuses an array of bytes. */
const decode = Symbol('decode')
const DECODED_TEXT: PropertyDescriptor & ThisType<{ [decode](): string }> = {
  enumerable: true,
  get() {
    return this[decode]()
  },
}

/** What an entry keeps for a proxy of it, which cannot reach its private fields. */
const behindProxies = new WeakMap<object, TextEntry<unknown>>()

/**
 * What changes in an entry is in private fields: it may be frozen. What it is made of is in its own properties: it may be read behind a proxy.
 */
class TextEntry<T> extends Opaque implements Entry<T> {
  readonly key: string
  readonly uid: string
  readonly resourceVersion: string
  declare readonly text: string
  /** Most entries are in one store: a list only where there are several. */
  #holders: OnUnreadable | readonly OnUnreadable[] | undefined
  #parsed: WeakRef<T & object> | undefined
  #labels: Labels | undefined

  constructor(key: string, uid: string, resourceVersion: string, packed: string | Uint8Array) {
    super()
    this.key = key
    this.uid = uid
    this.resourceVersion = resourceVersion
    if (typeof packed === 'string') this.text = packed
    else {
      Object.defineProperty(this, 'text', DECODED_TEXT)
      Object.defineProperty(this, decode, { value: () => new TextDecoder('utf-8', { ignoreBOM: true }).decode(packed) })
    }
  }

  /** The entry itself, or what stands for it behind a proxy. */
  static of<T>(entry: Entry<T>): TextEntry<T> {
    if (#parsed in entry) return entry as unknown as TextEntry<T>
    let own = behindProxies.get(entry) as TextEntry<T> | undefined
    if (!own) {
      own = new TextEntry<T>(entry.key, entry.uid, entry.resourceVersion, entry.text)
      behindProxies.set(entry, own)
    }
    return own
  }

  // Split when asked for: two strings less to keep for each object.
  get name(): string {
    return splitMetaNamespaceKey(this.key).name
  }
  get namespace(): string {
    return splitMetaNamespaceKey(this.key).namespace
  }

  get labels(): Labels {
    const own = TextEntry.of<T>(this)
    own.#labels ??= readValue<Labels | null>(own, LABELS) ?? NO_LABELS
    return own.#labels
  }

  get object(): T {
    const own = TextEntry.of<T>(this)
    return own.#parsed?.deref() ?? own.#parse()
  }

  hold(listener: OnUnreadable): void {
    this.#holders = this.#holders === undefined ? listener : [...new Set([...this.#all(), listener])]
  }

  release(listener: OnUnreadable): void {
    if (this.#holders === listener) this.#holders = undefined
    else if (typeof this.#holders === 'object') this.#holders = this.#holders.filter((holder) => holder !== listener)
  }

  #all(): readonly OnUnreadable[] {
    return typeof this.#holders === 'function' ? [this.#holders] : (this.#holders ?? [])
  }

  #parse(): T {
    let object: T & object
    try {
      object = parseJson(this.text) as T & object
      this.#checkIdentity(object)
    } catch (cause) {
      for (const holder of this.#all()) holder(this)
      if (isParseError(cause)) throw cause
      throw new ParseError(`the text of ${this.key} is not JSON`, this.text, { cause })
    }
    this.#parsed = new WeakRef(object)
    return object
  }
  /** A text in which a member that names the object stands twice says one thing to the scanner and another to the parser. */
  #checkIdentity(object: { readonly metadata?: ObjectIdentity | null }): void {
    const { name, namespace, uid } = object.metadata ?? {}
    const key = objectKey(namespace, name ?? '')
    if (key === this.key && (typeof uid !== 'string' || uid === this.uid)) return
    throw new ParseError(`${this.key} is ${key || 'nothing with a name'} when it is parsed: a member stands there twice`, this.text)
  }
}
