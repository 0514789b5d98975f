// Tests for reading and writing archives. The tar of this machine is the oracle.

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type TarEntry, TarReader } from '../../src/local/tar'
import { paddingOf, TAR_END, tarHeader } from '../../src/local/tar-header'

interface Read extends TarEntry {
  readonly content: string
}

/** Reads an archive that is cut at the given lengths, in turn. */
function read(archive: Uint8Array, cuts: readonly number[] = [archive.length]): Read[] {
  const reader = new TarReader()
  const entries: { entry: TarEntry; chunks: Uint8Array[] }[] = []
  for (let at = 0, turn = 0; at < archive.length; turn++) {
    const end = at + (cuts[turn % cuts.length] as number)
    for (const part of reader.push(archive.subarray(at, end)))
      if (part instanceof Uint8Array) entries.at(-1)?.chunks.push(part)
      else entries.push({ entry: part, chunks: [] })
    at = end
  }
  reader.end()
  return entries.map(({ entry, chunks }) => ({ ...entry, content: Buffer.concat(chunks).toString() }))
}

const file = (path: string, content: string, mode = 0o644): Uint8Array[] => {
  const bytes = Buffer.from(content)
  return [tarHeader({ kind: 'file', path, mode, size: bytes.length }), bytes, new Uint8Array(paddingOf(bytes.length))]
}
const archiveOf = (...chunks: Uint8Array[]) => new Uint8Array(Buffer.concat([...chunks, TAR_END]))

async function inFolder(run: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kubeflect-tar-'))
  try {
    await run(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('entries of all sizes and names survive any cut into chunks', () => {
  const path = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 }).filter((text) => !/[\0]|\/$/.test(text))
  fc.assert(
    fc.property(
      fc.array(fc.record({ path, content: fc.string({ maxLength: 2_000 }), mode: fc.integer({ min: 0, max: 0o777 }) }), { maxLength: 5 }),
      fc.array(fc.integer({ min: 1, max: 1_500 }), { minLength: 1, maxLength: 8 }),
      (files, cuts) => {
        const archive = archiveOf(...files.flatMap(({ path, content, mode }) => file(path, content, mode)))
        expect(read(archive, cuts)).toEqual(
          files.map(({ path, content, mode }) => ({ kind: 'file', path, mode, size: Buffer.byteLength(content), content })),
        )
      },
    ),
  )
})

test.each(['gnu', 'ustar', 'posix', 'oldgnu'])('an archive of tar in the format %s is read', (format) =>
  inFolder((folder) => {
    const long = format === 'ustar' ? join('a'.repeat(90), 'b'.repeat(90)) : join('ä'.repeat(60), 'b'.repeat(200), 'größe 😀')
    mkdirSync(join(folder, 'tree', 'empty folder'), { recursive: true })
    mkdirSync(join(folder, 'tree', join(long, '..')), { recursive: true })
    writeFileSync(join(folder, 'tree', long), 'long', { mode: 0o755 })
    writeFileSync(join(folder, 'tree', 'empty'), '')
    writeFileSync(join(folder, 'tree', 'data'), 'x'.repeat(100_000))
    symlinkSync('data', join(folder, 'tree', 'link'))
    const args = [`--format=${format}`, '--sort=name', '-cf', '-', '-C', folder, '--', 'tree']
    const entries = read(new Uint8Array(execFileSync('tar', args)), [1_000])
    const found = new Map(entries.map((entry) => [entry.path, entry]))
    expect(found.get(`tree/${long}`)).toMatchObject({ kind: 'file', mode: 0o755, content: 'long' })
    expect(found.get('tree/empty folder/')).toMatchObject({ kind: 'folder', size: 0 })
    expect(found.get('tree/empty')).toMatchObject({ kind: 'file', size: 0 })
    expect(found.get('tree/data')?.content).toBe('x'.repeat(100_000))
    expect(found.get('tree/link')).toMatchObject({ kind: 'link', size: 0 })
  }),
)

test('tar reads what is written: long names, links, folders and permissions', () =>
  inFolder((folder) => {
    const long = `tree/${'ä'.repeat(60)}/${'b'.repeat(200)}`
    const target = 't'.repeat(150)
    const archive = archiveOf(
      tarHeader({ kind: 'folder', path: 'tree', mode: 0o755 }),
      tarHeader({ kind: 'folder', path: `tree/${'ä'.repeat(60)}`, mode: 0o700 }),
      ...file(long, 'long', 0o640),
      tarHeader({ kind: 'link', path: 'tree/link', mode: 0o777, target }),
      ...file('tree/empty', '', 0o755),
    )
    execFileSync('tar', ['-xf', '-', '-C', folder], { input: archive })
    expect(readFileSync(join(folder, long), 'utf8')).toBe('long')
    expect(statSync(join(folder, 'tree', 'ä'.repeat(60))).mode & 0o777).toBe(0o700)
    expect(statSync(join(folder, 'tree/empty')).mode & 0o777).toBe(0o755)
    expect(readlinkSync(join(folder, 'tree/link'))).toBe(target)
    expect(readdirSync(join(folder, 'tree')).sort()).toEqual(['empty', 'link', 'ä'.repeat(60)])
  }))

test('a size from 8 GiB is written and read as bytes', () => {
  const size = 8 ** 11 + 5
  const [entry] = new TarReader().push(tarHeader({ kind: 'file', path: 'big', mode: 0o600, size }))
  expect(entry).toEqual({ kind: 'file', path: 'big', mode: 0o600, size })
})

test('the set-user-ID bit is no permission', () => {
  expect(read(archiveOf(...file('shell', '', 0o4755)))).toMatchObject([{ mode: 0o755 }])
})

test('a name that is not UTF-8 is undefined, and its content is read', () => {
  const header = tarHeader({ kind: 'file', path: 'AB', mode: 0o644, size: 0 })
  header[0] = 0xff
  // The checksum grows with the byte.
  const sum = header.reduce((all, byte, at) => all + (at >= 148 && at < 156 ? 0x20 : byte), 0)
  header.set(Buffer.from(`${sum.toString(8).padStart(6, '0')}\0 `), 148)
  expect(read(archiveOf(header))).toMatchObject([{ kind: 'file', path: undefined }])
})

test('an archive that ends early is an error, wherever it ends', () => {
  const archive = archiveOf(...file('a', 'x'.repeat(600)), ...file('b', 'y'))
  for (const length of [0, 100, 512, 700, 1_536, 2_048, 2_560]) {
    const reader = new TarReader()
    reader.push(archive.subarray(0, length))
    expect(() => reader.end(), `${length} bytes`).toThrow('the archive is truncated')
  }
})

test('bytes that are no archive are an error', () => {
  expect(() => new TarReader().push(new Uint8Array(512).fill(65))).toThrow('the output of tar is no archive')
})

test('a header with a name or a size beyond the bounds is an error', () => {
  const name = tarHeader({ kind: 'file', path: '././@LongLink', mode: 0, size: 0 })
  const rewritten = (type: string, size: string) => {
    const header = name.slice()
    header.set(Buffer.from(`${size}\0`), 124)
    header.set(Buffer.from(type), 156)
    const sum = header.reduce((all, byte, at) => all + (at >= 148 && at < 156 ? 0x20 : byte), 0)
    header.set(Buffer.from(`${sum.toString(8).padStart(6, '0')}\0 `), 148)
    return header
  }
  expect(() => new TarReader().push(rewritten('L', '00010000000'))).toThrow('the output of tar is no archive: a name has 2097152 bytes')
  const huge = rewritten('0', '')
  huge.set([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 124)
  const sum = huge.reduce((all, byte, at) => all + (at >= 148 && at < 156 ? 0x20 : byte), 0)
  huge.set(Buffer.from(`${sum.toString(8).padStart(6, '0')}\0 `), 148)
  expect(() => new TarReader().push(huge)).toThrow('the output of tar is no archive: a number cannot be read')
})

test('arbitrary bytes are never a crash', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3_000 }), (bytes) => {
      try {
        new TarReader().push(bytes)
      } catch (error) {
        expect(String(error)).toMatch(/archive/)
      }
    }),
  )
})
