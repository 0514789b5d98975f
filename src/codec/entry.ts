// Entries: objects kept as the server's JSON text and parsed lazily.

import { isParseError, ParseError } from '../api/errors'
import { type ObjectIdentity, objectKey, splitMetaNamespaceKey } from '../api/keys'
import type { KubeObject } from '../api/object'
import type { Labels } from '../api/selectors'
import { flatten } from '../internal/flatten'
import { Opaque } from '../internal/opaque'
import { type ObjectHeader, readHeader, type TypeMeta } from './header'
import { isTooDeep, MAX_DEPTH, parseJson } from './json'
import { skipSpace, valueAt } from './scan'
import type { Unpack } from './unpack'

/** The parts of an object that are known without parsing it. */
export interface UnparsedEntry {
  /** `namespace/name`, or `name` for cluster-scoped objects. */
  readonly key: string
  readonly name: string
  /** The empty string for cluster-scoped objects. */
  readonly namespace: string
  readonly uid: string
  readonly resourceVersion: string
  /** The object as JSON, exactly as the server wrote it. Lacks `metadata.managedFields` unless the caller asked to keep them. */
  readonly text: string
}

/**
 * An object as a store keeps it: its identity and the JSON text the server sent. The object is parsed on first access. While a caller holds
 * the parsed object, further reads return the same one. An entry is immutable: a changed object gets a new entry.
 *
 * An entry may be frozen. Vue does not wrap it; behind any other `Proxy` it still works, but parses its object once more. Its own
 * enumerable properties are `key`, `uid`, `resourceVersion` and `text`, all strings. `structuredClone` and `JSON.stringify` copy these, and
 * {@link entryFromText} turns the `text` of a copy back into an entry.
 */
export interface Entry<T> extends UnparsedEntry {
  /**
   * The object, parsed on first access.
   *
   * @throws ParseError when the text is not JSON, or when the parsed object has another identity than the entry because a member appears
   *   twice. A store drops such an entry and fetches the object again.
   */
  readonly object: T
  /**
   * The object's labels, read from the text once. Parses nothing else.
   *
   * @throws ParseError as {@link object} does.
   */
  readonly labels: Labels
}

/** A store that has an entry. */
export interface EntryHolder {
  /** Called when reading an entry reveals that its text is not JSON. */
  unreadable(entry: UnparsedEntry): void
  /** Called when an entry's object was parsed. */
  parsed?: ((entry: UnparsedEntry) => void) | undefined
}

/** Options for making an entry from a text. */
export interface EntryOptions {
  /** Whether to keep `metadata.managedFields`; default `'drop'`. */
  managedFields?: 'drop' | 'keep' | undefined
  /** Prepended to a text that lacks kind and apiVersion, as the items of most lists do, so that all entries have the same form. */
  typeMeta?: TypeMeta | undefined
  /** Whether the text is known to be ASCII. Skips the scan for non-Latin-1 characters, which is slow in some engines. Default false. */
  isAscii?: boolean | undefined
}

/**
 * Makes an entry from the object at `text.slice(start, end)`, given its header. The entry holds a copy of that slice.
 *
 * @throws ParseError when the object has no name, or is nested too deeply.
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
  if (!name) throw new ParseError('not a Kubernetes object: metadata.name is missing', own)
  if (isTooDeep(own)) throw new ParseError(`${objectKey(namespace, name)} is nested deeper than ${MAX_DEPTH}`, own)
  return textEntry<T>(flatten(objectKey(namespace, name)), flatten(uid), flatten(resourceVersion), own, isAscii)
}

function textEntry<T>(key: string, uid: string, resourceVersion: string, text: string, isAscii: boolean): Entry<T> {
  const restore = isAscii ? undefined : utf8(text)
  return new TextEntry<T>(key, uid, resourceVersion, restore ? IN_UTF8 : text, restore)
}

/** The kept string of an entry whose text is kept as bytes. */
const IN_UTF8 = ''

/**
 * Encodes a text as UTF-8 if it has a character beyond Latin-1: engines store such a text with two bytes per character, which UTF-8 halves.
 * Returns the function that decodes it. The bytes are in a closure because a proxy would wrap an array, and `Object.freeze` rejects typed
 * arrays.
 */
function utf8(text: string): Unpack | undefined {
  if (!/[^\0-\xff]/.test(text)) return undefined
  const bytes = new TextEncoder().encode(text)
  return () => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
}

/**
 * Makes an entry from a text that is one JSON object.
 *
 * @throws ParseError when the text is not a JSON object, or the object has no name.
 */
export function entryFromText<T>(text: string, options?: EntryOptions): Entry<T> {
  const start = skipSpace(text, 0)
  return makeEntry<T>(text, start, text.length, headerOf(text, start), options)
}

/**
 * Makes an entry from the `text` of an earlier one. Keeps the string as it is, so it must not be a slice of a longer one.
 *
 * @throws ParseError as {@link entryFromText} does.
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

/** Makes an entry from the properties of an earlier one, without scanning or checking the text. */
export function entryFromParts<T>(key: string, uid: string, resourceVersion: string, text: string): Entry<T> {
  return textEntry<T>(key, uid, resourceVersion, text, false)
}

/** Makes an entry from the properties of an earlier one and its packed text. */
export function entryFromPacked<T>(key: string, uid: string, resourceVersion: string, packed: string, unpack: Unpack): Entry<T> {
  return new TextEntry<T>(key, uid, resourceVersion, packed, unpack)
}

/** Whether {@link packEntry} would change an entry: it is not packed yet, and is not frozen or behind a proxy. */
export function isPackable(entry: Entry<unknown>): boolean {
  return TextEntry.isPackable(entry)
}

/** Replaces an entry's text by a packed string. Changes nothing that a reader can observe, and nothing at all unless {@link isPackable}. */
export function packEntry(entry: Entry<unknown>, packed: string, unpack: Unpack): void {
  if (TextEntry.isPackable(entry)) entry.pack(packed, unpack)
}

/**
 * Lets an entry restore its text from another string, such as the name of a place in storage. Changes nothing that a reader can observe.
 *
 * @param restore returns the text of that string; undefined when the string is the text.
 * @returns false, and changes nothing, for an entry that is frozen or behind a proxy.
 */
export function moveText(entry: Entry<unknown>, text: string, restore: Unpack | undefined): boolean {
  if (!TextEntry.isMutable(entry)) return false
  entry.pack(text, restore)
  return true
}

/** Returns the length of the string that an entry keeps, in characters: its text, or the packed one. 0 for a text that is kept as bytes. */
export function keptLength(entry: Entry<unknown>): number {
  return TextEntry.of(entry)[kept].length
}

/**
 * Makes an entry from an object. Its text is the output of `JSON.stringify`.
 *
 * @throws ParseError when the object has no name, or is nested too deeply to be serialized.
 */
export function entryFromObject<T extends KubeObject>(object: T, options?: EntryOptions): Entry<T> {
  return entryFromText(stringify(object), options)
}

function stringify(object: KubeObject): string {
  try {
    return JSON.stringify(object)
  } catch (cause) {
    // A RangeError means that the stack overflowed. A cycle is a TypeError.
    if (!(cause instanceof RangeError)) throw cause
    throw new ParseError(`${objectKey(object.metadata.namespace, object.metadata.name ?? '')} is nested too deeply to be serialized`, '', {
      cause,
    })
  }
}

/**
 * Reads one value of an entry's object from the text, at a fraction of the cost of parsing the whole object. The result is not cached.
 *
 * @param path the member names that lead to the value, such as `['spec', 'nodeName']`.
 * @returns the value, not checked to be a `V`; undefined when it is absent.
 * @throws ParseError as `entry.object` does.
 */
export function readValue<V = unknown>(entry: Entry<unknown>, path: readonly string[]): V | undefined {
  return readText(entry, (text) => valueAt(text, path)) as V | undefined
}

/**
 * Reads something from an entry's text.
 *
 * @param read throws a SyntaxError when the text is not JSON.
 * @throws ParseError as `entry.object` does.
 */
export function readText<R>(entry: Entry<unknown>, read: (text: string) => R): R {
  try {
    return read(entry.text)
  } catch (cause) {
    // Throws the more specific error, and makes the store drop the entry.
    void entry.object
    throw cause
  }
}

/**
 * Whether an entry's text starts with a prefix. Restores no more than that of a packed text.
 *
 * @throws SyntaxError when the text cannot be unpacked.
 */
export function startsWith(entry: Entry<unknown>, prefix: string): boolean {
  return TextEntry.of(entry).startsWith(prefix)
}

/** Registers a holder, which is called when reading the entry parses its text or reveals that it is not JSON. Several stores may hold one entry. */
export function holdEntry(entry: Entry<unknown>, holder: EntryHolder): void {
  TextEntry.of(entry).hold(holder)
}

/** Undoes {@link holdEntry}. No-op for a holder that is not registered. */
export function releaseEntry(entry: Entry<unknown>, holder: EntryHolder): void {
  TextEntry.of(entry).release(holder)
}

/** Whether a value is an {@link Entry}, even behind a proxy. */
export function isEntry(value: unknown): value is Entry<unknown> {
  return value instanceof TextEntry
}

const LABELS = ['metadata', 'labels']
const NO_LABELS: Labels = Object.freeze({})
const NO_HOLDERS: readonly EntryHolder[] = []

/** Keys of an entry's text as it is kept, and of the function that restores it. Not private, because a proxy reads them. */
const kept = Symbol('kept')
const unpack = Symbol('unpack')

/** The property `text`. Shared by all entries, so that it takes no memory in each. */
const TEXT: PropertyDescriptor & ThisType<{ key: string; [kept]: string; [unpack]: Unpack | undefined }> = {
  configurable: true,
  enumerable: true,
  get() {
    const restore = this[unpack]
    if (restore === undefined) return this[kept]
    try {
      return restore(this[kept])
    } catch (cause) {
      throw new ParseError(`the text of ${this.key} cannot be unpacked`, '', { cause })
    }
  },
}

/** Stand-ins for entries behind a proxy, which cannot reach the private fields of its target. */
const behindProxies = new WeakMap<object, TextEntry<unknown>>()

/**
 * The only implementation of {@link Entry}. Mutable state is in private fields, so that an entry can be frozen. Its identity and text are
 * own properties, so that it can be read behind a proxy.
 */
class TextEntry<T> extends Opaque implements Entry<T> {
  readonly key: string
  readonly uid: string
  readonly resourceVersion: string
  declare readonly text: string
  /** The holders. Most entries are in one store, so an array is made only for a second holder. */
  #holders: EntryHolder | readonly EntryHolder[] | undefined
  #parsed: WeakRef<T & object> | undefined
  #labels: Labels | undefined;

  [kept]: string;
  [unpack]: Unpack | undefined

  constructor(key: string, uid: string, resourceVersion: string, text: string, restore: Unpack | undefined) {
    super()
    this.key = key
    this.uid = uid
    this.resourceVersion = resourceVersion
    this[kept] = text
    this[unpack] = restore
    Object.defineProperty(this, 'text', TEXT)
  }

  static isPackable(entry: Entry<unknown>): entry is TextEntry<unknown> {
    return TextEntry.isMutable(entry) && (entry[unpack] === undefined || entry[kept] === IN_UTF8)
  }

  static isMutable(entry: Entry<unknown>): entry is TextEntry<unknown> {
    return #parsed in entry && !Object.isFrozen(entry)
  }

  pack(packed: string, restore: Unpack | undefined): void {
    this[kept] = packed
    this[unpack] = restore
  }

  startsWith(prefix: string): boolean {
    return (this[unpack]?.(this[kept], prefix.length) ?? this[kept]).startsWith(prefix)
  }

  /** The entry itself, or its stand-in if it is behind a proxy. */
  static of<T>(entry: Entry<T>): TextEntry<T> {
    if (#parsed in entry) return entry as unknown as TextEntry<T>
    let own = behindProxies.get(entry) as TextEntry<T> | undefined
    if (!own) {
      own = new TextEntry<T>(entry.key, entry.uid, entry.resourceVersion, entry.text, undefined)
      behindProxies.set(entry, own)
    }
    return own
  }

  // Computed on access, which saves two strings per object.
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

  hold(holder: EntryHolder): void {
    this.#holders = this.#holders === undefined ? holder : [...new Set([...this.#all(), holder])]
  }

  release(holder: EntryHolder): void {
    if (this.#holders === holder) this.#holders = undefined
    else if (this.#holders !== undefined) this.#holders = this.#all().filter((each) => each !== holder)
  }

  #all(): readonly EntryHolder[] {
    const holders = this.#holders
    if (holders === undefined) return NO_HOLDERS
    return 'unreadable' in holders ? [holders] : holders
  }

  #parse(): T {
    let object: T & object
    try {
      object = parseJson(this.text) as T & object
      this.#checkIdentity(object)
    } catch (cause) {
      for (const holder of this.#all()) holder.unreadable(this)
      if (isParseError(cause)) throw cause
      throw new ParseError(`the text of ${this.key} is not JSON`, this.text, { cause })
    }
    this.#parsed = new WeakRef(object)
    for (const holder of this.#all()) holder.parsed?.(this)
    return object
  }
  /** Checks that the scanner and the parser agree on the identity. They disagree when an identifying member appears twice. */
  #checkIdentity(object: { readonly metadata?: ObjectIdentity | null }): void {
    const { name, namespace, uid } = object.metadata ?? {}
    const key = objectKey(namespace, name ?? '')
    if (key === this.key && (typeof uid !== 'string' || uid === this.uid)) return
    throw new ParseError(
      `the text of ${this.key} parses as ${key || 'an object without a name'}: an identifying member appears twice`,
      this.text,
    )
  }
}
