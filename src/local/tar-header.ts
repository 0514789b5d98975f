// The headers of tar archives that are written, pure.

import { concat } from '../internal/concat'
import { BLOCK, checksumOf, FIELD, GNU_MAGIC, TYPE } from './tar'

/** An entry to write. */
export interface NewTarEntry {
  readonly kind: 'file' | 'folder' | 'link'
  /** The path in the archive, relative, with slashes. */
  readonly path: string
  /** The permission bits. */
  readonly mode: number
  /** The length of a file, in bytes. */
  readonly size?: number | undefined
  /** The target of a symbolic link. */
  readonly target?: string | undefined
}

/** The end of an archive. */
export const TAR_END: Uint8Array = new Uint8Array(2 * BLOCK)

/**
 * Returns the header of an entry. Long names are in GNU's form, which BusyBox understands as well, unlike that of POSIX.
 */
export function tarHeader({ kind, path, mode, size = 0, target = '' }: NewTarEntry): Uint8Array {
  const name = new TextEncoder().encode(kind === 'folder' ? `${path}/` : path)
  const link = new TextEncoder().encode(target)
  return concat([
    ...(name.length > fieldLength(FIELD.name) ? longName(TYPE.longName, name) : []),
    ...(link.length > fieldLength(FIELD.linkName) ? longName(TYPE.longLink, link) : []),
    block({ type: TYPE[kind], name, link, mode, size }),
  ])
}

/** Returns the number of bytes that follow a content of the length. */
export const paddingOf = (size: number): number => -size & (BLOCK - 1)

function longName(type: string, name: Uint8Array): Uint8Array[] {
  // The name ends with a NUL.
  const size = name.length + 1
  const content = new Uint8Array(Math.ceil(size / BLOCK) * BLOCK)
  content.set(name)
  return [block({ type, name: new TextEncoder().encode('././@LongLink'), link: new Uint8Array(0), mode: 0, size }), content]
}

/** The members of a {@link block}. */
interface Block {
  readonly type: string
  readonly name: Uint8Array
  readonly link: Uint8Array
  readonly mode: number
  readonly size: number
}

function block({ type, name, link, mode, size }: Block): Uint8Array {
  const header = new Uint8Array(BLOCK)
  const put = ([start, end]: readonly [number, number], bytes: Uint8Array) => header.set(bytes.subarray(0, end - start), start)
  const text = (field: readonly [number, number], value: string) => put(field, new TextEncoder().encode(value))
  put(FIELD.name, name)
  text(FIELD.mode, octal(mode, FIELD.mode))
  // The owner is the one of tar's process, and the time is that of the copy.
  text([108, 116], octal(0, [108, 116]))
  text([116, 124], octal(0, [116, 124]))
  put(FIELD.size, sizeBytes(size))
  text(FIELD.mtime, octal(0, FIELD.mtime))
  text(FIELD.type, type)
  put(FIELD.linkName, link)
  text(FIELD.magic, GNU_MAGIC)
  text(FIELD.checksum, `${checksumOf(header).toString(8).padStart(6, '0')}\0 `)
  return header
}

const fieldLength = ([start, end]: readonly [number, number]): number => end - start

const octal = (value: number, field: readonly [number, number]): string => `${value.toString(8).padStart(fieldLength(field) - 1, '0')}\0`

/** Writes a size: in octal digits, or from 8 GiB in big-endian bytes. */
function sizeBytes(size: number): Uint8Array {
  if (size < 8 ** 11) return new TextEncoder().encode(octal(size, FIELD.size))
  const bytes = new Uint8Array(12)
  new DataView(bytes.buffer).setBigUint64(4, BigInt(size))
  bytes[0] = 0x80
  return bytes
}
