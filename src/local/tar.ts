// The entries of tar archives: bytes to entries, pure.

import { KubeError } from '../api/errors'
import { concat } from '../internal/concat'

/** The kind of an entry. `link` is a symbolic or hard link; `other` a device, a pipe or a sparse file. */
export type TarEntryKind = 'file' | 'folder' | 'link' | 'other'

/** An entry of an archive. */
export interface TarEntry {
  readonly kind: TarEntryKind
  /** The path as the archive has it: what it names may lie anywhere. Undefined unless it is UTF-8 without NUL. */
  readonly path: string | undefined
  /** The permission bits. */
  readonly mode: number
  /** The length of the content, in bytes. */
  readonly size: number
}

/** A part of an archive: the beginning of an entry, or bytes of the last one that began. */
export type TarPart = TarEntry | Uint8Array

/** The size of a block, to which each header and content is padded. */
export const BLOCK: number = 512
/** The types of entries that are read or written. @see POSIX `pax`, GNU tar `tar.h` */
export const TYPE = { file: '0', hardLink: '1', link: '2', folder: '5', longName: 'L', longLink: 'K', extended: 'x', global: 'g' } as const
/** The positions of a header's fields: where each begins and ends. */
export const FIELD = {
  name: [0, 100],
  mode: [100, 108],
  size: [124, 136],
  mtime: [136, 148],
  checksum: [148, 156],
  type: [156, 157],
  linkName: [157, 257],
  magic: [257, 265],
  prefix: [345, 500],
} as const
/** The magic of GNU's format, in which the field for a prefix has another purpose. */
export const GNU_MAGIC = 'ustar  \0'

/** The longest header that precedes an entry, for its long name, in bytes. */
export const MAX_EXTENSION: number = 1024 * 1024

/** The checksum of a header: the sum of its bytes, with spaces in place of the checksum. */
export function checksumOf(header: Uint8Array): number {
  const [start, end] = FIELD.checksum
  return header.reduce((sum, byte, at) => sum + (at >= start && at < end ? 0x20 : byte), 0)
}

/** Members of a header that describe the entry after it. */
interface Extension {
  path?: Uint8Array
  size?: number
  isSparse?: boolean
}

/** Reads an archive, however its bytes are cut. Understands the formats of GNU tar, BusyBox, bsdtar and POSIX. */
export class TarReader {
  // The bytes of the block that is incomplete.
  #block = new Uint8Array(BLOCK)
  #length = 0
  // What remains of the current content, with and without its padding.
  #padded = 0
  #content = 0
  // The content of a header that precedes an entry.
  #collecting: { readonly type: string; readonly chunks: Uint8Array[] } | undefined
  #extension: Extension = {}
  #isOver = false

  /**
   * Reads more bytes.
   *
   * @returns the parts that are complete now. Bytes of a content share memory with `bytes`.
   * @throws KubeError when the bytes are no archive.
   */
  push(bytes: Uint8Array): TarPart[] {
    const parts: TarPart[] = []
    let at = 0
    while (at < bytes.length && !this.#isOver) {
      if (this.#padded > 0) {
        const taken = Math.min(this.#padded, bytes.length - at)
        const content = bytes.subarray(at, at + Math.min(taken, this.#content))
        this.#padded -= taken
        this.#content -= content.length
        at += taken
        if (this.#collecting) this.#collecting.chunks.push(content.slice())
        else if (content.length > 0) parts.push(content)
        if (this.#padded === 0) this.#endContent()
        continue
      }
      const taken = Math.min(BLOCK - this.#length, bytes.length - at)
      this.#block.set(bytes.subarray(at, at + taken), this.#length)
      this.#length += taken
      at += taken
      if (this.#length < BLOCK) break
      this.#length = 0
      const entry = this.#readHeader(this.#block)
      if (entry) parts.push(entry)
    }
    return parts
  }

  /**
   * Checks that the archive has ended.
   *
   * @throws KubeError when it is truncated.
   */
  end(): void {
    if (!this.#isOver) throw new KubeError('the archive is truncated: the connection or tar ended early')
  }

  #readHeader(header: Uint8Array): TarEntry | undefined {
    if (header.every((byte) => byte === 0)) {
      this.#isOver = true
      return undefined
    }
    if (numberIn(header, FIELD.checksum) !== checksumOf(header)) throw malformed('a checksum is wrong')
    const type = String.fromCharCode(header[FIELD.type[0]] as number)
    const ownSize = numberIn(header, FIELD.size)
    if (isExtension(type)) {
      if (ownSize > MAX_EXTENSION) throw malformed(`a name has ${ownSize} bytes`)
      this.#collecting = { type, chunks: [] }
      this.#begin(ownSize)
      return undefined
    }
    const { path: longPath, size = ownSize, isSparse = false } = this.#extension
    this.#extension = {}
    const path = textOf(longPath ?? pathIn(header))
    const kind = isSparse ? 'other' : kindOf(type, path)
    // Links, devices, folders and pipes have no content, although some writers give a link the size of its file.
    this.#begin(kind === 'folder' || /[1-6]/.test(type) ? 0 : size)
    return { kind, path, mode: numberIn(header, FIELD.mode) & 0o777, size: kind === 'file' ? size : 0 }
  }

  #begin(size: number): void {
    this.#content = size
    this.#padded = Math.ceil(size / BLOCK) * BLOCK
    if (size === 0) this.#endContent()
  }

  #endContent(): void {
    if (!this.#collecting) return
    const { type, chunks } = this.#collecting
    this.#collecting = undefined
    const content = concat(chunks)
    if (type === TYPE.longName) this.#extension.path = untilNul(content)
    else if (type === TYPE.extended) Object.assign(this.#extension, extensionIn(content))
  }
}

const malformed = (reason: string): KubeError => new KubeError(`the output of tar is no archive: ${reason}`)

const isExtension = (type: string): boolean =>
  type === TYPE.longName || type === TYPE.longLink || type === TYPE.extended || type === TYPE.global

function kindOf(type: string, path: string | undefined): TarEntryKind {
  // A NUL is the type of files before POSIX, whose folders end with a slash; 7 is a file for real-time systems.
  if (type === '\0' || type === TYPE.file || type === '7') return path?.endsWith('/') ? 'folder' : 'file'
  if (type === TYPE.folder) return 'folder'
  return type === TYPE.link || type === TYPE.hardLink ? 'link' : 'other'
}

function pathIn(header: Uint8Array): Uint8Array {
  const field = ([start, end]: readonly [number, number]) => untilNul(header.subarray(start, end))
  const name = field(FIELD.name)
  const magic = String.fromCharCode(...header.subarray(...FIELD.magic))
  const prefix = magic.startsWith('ustar\0') ? field(FIELD.prefix) : new Uint8Array(0)
  return prefix.length > 0 ? concat([prefix, Uint8Array.of(0x2f), name]) : name.slice()
}

/** Reads the records of a pax header, each `length key=value\n`. */
function extensionIn(content: Uint8Array): Extension {
  const found: Extension = {}
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(0x20, at)
    const length = space < 0 ? Number.NaN : Number(textOf(content.subarray(at, space)))
    if (!Number.isInteger(length) || length <= space - at || at + length > content.length) throw malformed('a header cannot be read')
    const record = content.subarray(space + 1, at + length - 1)
    const equals = record.indexOf(0x3d)
    const key = textOf(record.subarray(0, equals)) ?? ''
    const value = record.subarray(equals + 1)
    if (key === 'path') found.path = value
    else if (key === 'size') found.size = checkedSize(Number(textOf(value)))
    else if (key.startsWith('GNU.sparse.')) found.isSparse = true
    at += length
  }
  return found
}

/** Reads a number: octal digits, or with the highest bit set, big-endian bytes. */
function numberIn(header: Uint8Array, [start, end]: readonly [number, number]): number {
  const bytes = header.subarray(start, end)
  const [first = 0] = bytes
  if (first & 0x80) return checkedSize(bytes.reduce((sum, byte, at) => sum * 256 + (at === 0 ? byte & 0x7f : byte), 0))
  const digits = String.fromCharCode(...untilNul(bytes)).trim()
  return checkedSize(digits === '' ? 0 : /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN)
}

function checkedSize(value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) throw malformed('a number cannot be read')
  return value
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return bytes.includes(0) ? undefined : new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function untilNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0)
  return end < 0 ? bytes : bytes.subarray(0, end)
}
