// Tests for copying files and folders: real files, and the container's side in memory.

import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isKubeError } from '../../src/api/errors'
import { copyFrom, copyTo } from '../../src/local/copy'
import type { SkippedEntry } from '../../src/local/extraction'
import { type TarEntry, TarReader } from '../../src/local/tar'
import { paddingOf, TAR_END, tarHeader } from '../../src/local/tar-header'
import { isExitError } from '../../src/streams/exit-error'
import { memoryServer } from './memory-socket'
import { failure } from './outcomes'

const pod = { namespace: 'shop', name: 'web-1' }
const commandOf = (url: string) => new URL(url).searchParams.getAll('command')

let folder: string
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'kubeflect-copy-')))
})
afterEach(() => rmSync(folder, { recursive: true }))
const local = (...parts: string[]) => join(folder, ...parts)

/** Returns an entry whose header has another type or mode. */
function changed(header: Uint8Array, { type, mode }: { type?: string; mode?: string }): Uint8Array {
  const copy = header.slice()
  if (type) copy.set(Buffer.from(type), 156)
  if (mode) copy.set(Buffer.from(mode), 100)
  const sum = copy.reduce((all, byte, at) => all + (at >= 148 && at < 156 ? 0x20 : byte), 0)
  copy.set(Buffer.from(`${sum.toString(8).padStart(6, '0')}\0 `), 148)
  return copy
}
const file = (path: string, content: string, mode = 0o644): Uint8Array[] => {
  const bytes = Buffer.from(content)
  return [tarHeader({ kind: 'file', path, mode, size: bytes.length }), bytes, new Uint8Array(paddingOf(bytes.length))]
}
const inside = (path: string) => tarHeader({ kind: 'folder', path, mode: 0o755 })
const link = (path: string, target: string) => tarHeader({ kind: 'link', path, mode: 0o777, target })

describe('copyFrom', () => {
  /** Copies from a container whose tar writes the bytes. */
  async function receive(chunks: readonly Uint8Array[], { path = '/srv/tree', to = local('copy'), code = 0, stderr = '' } = {}) {
    const server = memoryServer()
    const skipped: SkippedEntry[] = []
    const copying = copyFrom(server.client, { ...pod, path }, to, { onSkip: (entry) => skipped.push(entry) })
    copying.catch(() => undefined)
    await expect.poll(() => server.connections.length).toBe(1)
    const archive = Buffer.concat(chunks)
    for (let at = 0; at < archive.length; at += 10_000) server.last.send(1, archive.subarray(at, at + 10_000))
    if (stderr) server.last.send(2, stderr)
    server.last.exit(code)
    return { outcome: copying, skipped, command: commandOf(server.last.request.url) }
  }

  test('[streams/22] a folder is copied with its empty folders and permissions, and tar gets its name after --', async () => {
    const chunks = [inside('tree'), inside('tree/empty'), ...file('tree/größe 1', 'text', 0o755), ...file('tree/sub/x', ''), TAR_END]
    const { outcome, command } = await receive(chunks)
    expect(await outcome).toEqual({ files: 2, bytes: 4, skipped: 0 })
    expect(command).toEqual(['tar', '-cf', '-', '-C', '/srv', '--', 'tree'])
    expect(readdirSync(local('copy'), { recursive: true }).sort()).toEqual(['empty', 'größe 1', 'sub', join('sub', 'x')])
    expect(readFileSync(local('copy', 'größe 1'), 'utf8')).toBe('text')
    expect(statSync(local('copy', 'größe 1')).mode & 0o777).toBe(0o755)
  })

  test('[streams/22] a single file gets the name of the target, and replaces what it holds', async () => {
    writeFileSync(local('motd'), 'a longer text')
    const { outcome } = await receive([...file('motd', 'new'), TAR_END], { path: '/etc/motd', to: local('motd') })
    expect(await outcome).toEqual({ files: 1, bytes: 3, skipped: 0 })
    expect(readFileSync(local('motd'), 'utf8')).toBe('new')
  })

  test.each([
    ['/', ['/', '.']],
    ['relative/', ['.', 'relative']],
    ['/srv', ['/', 'srv']],
    ['-C', ['.', '-C']],
    ['a/..', ['a/..', '.']],
  ])('tar starts in the parent of the path %s', async (path, [parent, name]) => {
    const { outcome, command } = await receive([...file(`${name}/x`, 'x'), TAR_END], { path })
    await outcome
    expect(command.slice(4)).toEqual([parent, '--', name])
    expect(readFileSync(local('copy', 'x'), 'utf8')).toBe('x')
  })

  test('[streams/22] a source that does not exist is an ExitError with the message of tar', async () => {
    const { outcome } = await receive([new Uint8Array(10_240)], { code: 2, stderr: 'tar: tree: Cannot stat: No such file or directory\n' })
    const error = await failure(outcome)
    expect(isExitError(error) && [error.code, error.message]).toEqual([2, expect.stringContaining('tree: Cannot stat')])
    expect(existsSync(local('copy'))).toBe(false)
  })

  test('[streams/23] whatever the archive holds, nothing is written outside of the target, and each such entry is reported', async () => {
    mkdirSync(local('outside'))
    const chunks = [
      ...file('../x', 'up'),
      ...file('tree/../../x', 'up'),
      ...file('/x', 'absolute'),
      ...file('other/x', 'not in the source'),
      link('tree/way', local('outside')),
      ...file('tree/way/x', 'through the link'),
      changed(link('tree/hard', 'tree/way'), { type: '1' }),
      changed(tarHeader({ kind: 'folder', path: 'tree/dev', mode: 0 }), { type: '3' }),
      changed(tarHeader({ kind: 'folder', path: 'tree/pipe', mode: 0 }), { type: '6' }),
      ...file('tree/shell', 'sh', 0o755).map((bytes, at) => (at === 0 ? changed(bytes, { mode: '0004755\0' }) : bytes)),
      TAR_END,
    ]
    const { outcome, skipped } = await receive(chunks)
    expect(await outcome).toEqual({ files: 2, bytes: 18, skipped: 8 })
    expect(skipped).toEqual([
      { path: '../x', reason: 'outside' },
      { path: 'tree/../../x', reason: 'outside' },
      { path: '/x', reason: 'outside' },
      { path: 'other/x', reason: 'outside' },
      { path: 'tree/way', reason: 'link' },
      { path: 'tree/hard', reason: 'link' },
      { path: 'tree/dev/', reason: 'special' },
      { path: 'tree/pipe/', reason: 'special' },
    ])
    // The link was not created, so the path through it is a folder of the copy.
    expect(readdirSync(folder, { recursive: true }).sort()).toEqual(
      ['copy', 'outside', join('copy', 'shell'), join('copy', 'way'), join('copy', 'way', 'x')].sort(),
    )
    expect(statSync(local('copy', 'shell')).mode & 0o7777).toBe(0o755)
  })

  test('[streams/23] a local link in the target is not followed: a folder is skipped, a file replaces it', async () => {
    mkdirSync(local('copy'))
    mkdirSync(local('outside'))
    writeFileSync(local('outside', 'kept'), 'kept')
    symlinkSync(local('outside'), local('copy', 'way'))
    symlinkSync(local('outside', 'kept'), local('copy', 'name'))
    symlinkSync(local('nowhere'), local('copy', 'dangling'))
    const chunks = [
      ...file('tree/way/a/b', 'x'),
      inside('tree/way/c'),
      ...file('tree/dangling/x', 'x'),
      ...file('tree/name', 'new'),
      TAR_END,
    ]
    const { outcome, skipped } = await receive(chunks)
    expect(await outcome).toEqual({ files: 1, bytes: 3, skipped: 3 })
    expect(skipped.map(({ reason }) => reason)).toEqual(['outside', 'outside', 'outside'])
    expect(readdirSync(local('outside'))).toEqual(['kept'])
    expect(readFileSync(local('outside', 'kept'), 'utf8')).toBe('kept')
    expect(existsSync(local('nowhere'))).toBe(false)
    expect(lstatSync(local('copy', 'name')).isFile()).toBe(true)
  })

  test('[streams/23] a truncated archive is an error, although tar exits with 0', async () => {
    const [header = new Uint8Array(0), content = new Uint8Array(0)] = file('tree/x', 'x'.repeat(2_000))
    const { outcome } = await receive([header, content.subarray(0, 1_000)])
    await expect(outcome).rejects.toThrow('the archive is truncated')
  })

  test('[streams/23] a size that no file can have is an error', async () => {
    const header = tarHeader({ kind: 'file', path: 'tree/x', mode: 0o644, size: 0 })
    header.set(new Uint8Array(8).fill(0xff), 124)
    const { outcome } = await receive([changed(header, {})])
    const error = await failure(outcome)
    expect(isKubeError(error) && error.message).toBe('the output of tar is no archive: a number cannot be read')
  })

  test('a source that is a symbolic link is an error that says so', async () => {
    const { outcome } = await receive([link('tree', '..data/tree'), TAR_END])
    await expect(outcome).rejects.toThrow('/srv/tree is a symbolic link; copy what it points to')
  })

  test('an abort rejects with its reason, and closes the file that is being written', async () => {
    const server = memoryServer()
    const controller = new AbortController()
    const copying = failure(copyFrom(server.client, { ...pod, path: '/srv/tree', signal: controller.signal }, local('copy')))
    await expect.poll(() => server.connections.length).toBe(1)
    const [header = new Uint8Array(0), content = new Uint8Array(0)] = file('tree/x', 'x'.repeat(2_000))
    server.last.send(1, Buffer.concat([header, content.subarray(0, 1_000)]))
    await expect.poll(() => existsSync(local('copy', 'x'))).toBe(true)
    const reason = new Error('enough')
    controller.abort(reason)
    expect(await copying).toBe(reason)
    expect(server.last.isClosed).toBe(true)
  })
})

describe('copyTo', () => {
  /** Copies to a container whose tar only reads. */
  async function send(from: string, path: string, { code = 0, stderr = '' } = {}) {
    const server = memoryServer()
    const skipped: SkippedEntry[] = []
    const copying = copyTo(server.client, from, { ...pod, path }, { onSkip: (entry) => skipped.push(entry) })
    copying.catch(() => undefined)
    await expect.poll(() => server.connections[0]?.received.at(-1)).toBe('255:\0')
    if (stderr) server.last.send(2, stderr)
    server.last.exit(code)
    const reader = new TarReader()
    const entries = server.last.input.flatMap((bytes) => reader.push(bytes)).filter((part): part is TarEntry => 'kind' in part)
    reader.end()
    return { outcome: copying, skipped, entries, command: commandOf(server.last.request.url) }
  }

  test('[streams/22] a folder is sent with its empty folders and links, under the name of the target', async () => {
    mkdirSync(local('tree', 'empty'), { recursive: true })
    writeFileSync(local('tree', 'größe 1'), 'x'.repeat(100_000), { mode: 0o755 })
    symlinkSync('größe 1', local('tree', 'link'))
    const { outcome, entries, command } = await send(local('tree'), '/srv/copy')
    expect(await outcome).toEqual({ files: 1, bytes: 100_000, skipped: 0 })
    expect(command).toEqual(['tar', '-xmof', '-', '-C', '/srv'])
    expect(entries.map(({ path, kind, size }) => [path, kind, size])).toEqual([
      ['copy/', 'folder', 0],
      ['copy/empty/', 'folder', 0],
      ['copy/größe 1', 'file', 100_000],
      ['copy/link', 'link', 0],
    ])
    expect(entries[2]?.mode).toBe(0o755)
  })

  test('[streams/22] a single file is sent under the name of the target', async () => {
    writeFileSync(local('motd'), 'hello')
    const { outcome, entries, command } = await send(local('motd'), '/etc/greeting')
    expect(await outcome).toEqual({ files: 1, bytes: 5, skipped: 0 })
    expect(command.at(-1)).toBe('/etc')
    expect(entries.map(({ path }) => path)).toEqual(['greeting'])
  })

  test('a folder that is copied to the root leaves the permissions of the root alone', async () => {
    mkdirSync(local('tree'))
    writeFileSync(local('tree', 'x'), 'x')
    const { entries, command } = await send(local('tree'), '/')
    expect(command.at(-1)).toBe('/')
    expect(entries.map(({ path }) => path)).toEqual(['./x'])
  })

  test('[streams/22] a source that does not exist rejects before anything is sent', async () => {
    const server = memoryServer()
    const error = await failure(copyTo(server.client, local('none'), { ...pod, path: '/srv/copy' }))
    expect((error as { code?: string }).code).toBe('ENOENT')
    expect(server.connections).toEqual([])
  })

  test('a parent that does not exist in the container is an ExitError with the message of tar', async () => {
    writeFileSync(local('motd'), 'hello')
    const { outcome } = await send(local('motd'), '/none/motd', { code: 2, stderr: 'tar: /none: Cannot open: No such file or directory\n' })
    const error = await failure(outcome)
    expect(isExitError(error) && error.message).toBe('tar exited with 2: tar: /none: Cannot open: No such file or directory')
  })

  test('a file without a name for the copy is a TypeError', async () => {
    writeFileSync(local('motd'), 'hello')
    await expect(copyTo(memoryServer().client, local('motd'), { ...pod, path: '/' })).rejects.toThrow(
      'the path must name the file, got "/"',
    )
  })

  test('sockets are left out, and reported', async () => {
    mkdirSync(local('tree'))
    const server = createServer().listen(local('tree', 'socket'))
    await new Promise((resolve) => server.once('listening', resolve))
    const { outcome, skipped } = await send(local('tree'), '/srv/copy')
    server.close()
    expect(await outcome).toEqual({ files: 0, bytes: 0, skipped: 1 })
    expect(skipped).toEqual([{ path: local('tree', 'socket'), reason: 'special' }])
  })
})
