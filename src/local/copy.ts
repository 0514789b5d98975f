// Copies files and folders between this machine and containers, with the container's `tar`.

import { KubeError } from '../api/errors'
import type { StreamClient } from '../http/handshake'
import { guarded } from '../internal/report'
import { ExitError } from '../streams/exit-error'
import { type FileTarget, MAX_STDERR, runToRead } from '../streams/file'
import { runCommand } from '../streams/run'
import { Extraction, type SkippedEntry } from './extraction'
import { localFiles } from './files'
import { TarReader } from './tar'
import { packed } from './tar-source'

/** Options of {@link copyFrom} and {@link copyTo}. */
export interface CopyOptions {
  /** Called with each entry that is not copied. */
  onSkip?: ((entry: SkippedEntry) => void) | undefined
}

/** The result of a copy. */
export interface CopyResult {
  /** The number of files that were copied. */
  readonly files: number
  /** The sum of their lengths. */
  readonly bytes: number
  /** The number of entries that were not copied. */
  readonly skipped: number
}

/**
 * Copies a file or folder of a container to this machine, with the container's `tar`.
 *
 * Writes below `to` only, whatever the container sends: no links, devices, set-user-ID bits or paths that lead elsewhere. Files get the
 * permissions that they have in the container, and replace those in their places. An error can leave a part of the copy.
 *
 * @param to the path of the copy itself, as in `kubectl cp`. A folder that exists is merged with it.
 * @throws ExitError with the message of `tar`, such as when the source does not exist; KubeError when the source is a link, or the archive is
 *   truncated; otherwise like `exec`, and the errors of the file system.
 * @see kubectl `cp`, which exits with 0 when the source does not exist
 * @example
 * ```ts
 * const { files } = await copyFrom(client, { namespace: 'shop', name: 'web-1', path: '/var/log/nginx' }, 'logs', {
 *   onSkip: ({ path, reason }) => console.warn(`${path} was not copied: ${reason}`),
 * })
 * ```
 */
export async function copyFrom(
  client: StreamClient,
  { path, ...target }: FileTarget,
  to: string,
  { onSkip }: CopyOptions = {},
): Promise<CopyResult> {
  const { folder, name } = splitPath(path)
  const tell = guarded(onSkip)
  let skipped = 0
  const skip = (entry: SkippedEntry) => {
    if (entry.reason === 'link' && entry.path === name) throw new KubeError(`copyFrom: ${path} is a symbolic link; copy what it points to`)
    skipped++
    tell?.(entry)
  }
  const reader = new TarReader()
  const extraction = new Extraction({ files: localFiles(), name, to, onSkip: skip })
  try {
    const archive = await runToRead(client, target, ['tar', '-cf', '-', '-C', folder, '--', name])
    for await (const bytes of archive) for (const part of reader.push(bytes)) await extraction.add(part)
    reader.end()
  } finally {
    await extraction.close()
  }
  return { files: extraction.files, bytes: extraction.bytes, skipped }
}

/**
 * Copies a file or folder of this machine to a container, with the container's `tar`. Files keep their permissions, and belong to the user of
 * the container's processes; symbolic links are copied as such. An error can leave a part of the copy.
 *
 * @param target.path the path of the copy itself; its parent must exist. A folder that exists is merged with it, unlike in `kubectl cp`, which
 *   copies into it.
 * @throws the error of the file system, such as when the source does not exist; ExitError with the message of `tar`; otherwise like `exec`.
 * @see kubectl `cp`
 * @example
 * ```ts
 * await copyTo(client, 'dist', { namespace: 'shop', name: 'web-1', path: '/usr/share/nginx/html' })
 * ```
 */
export async function copyTo(
  client: StreamClient,
  from: string,
  { path, ...target }: FileTarget,
  { onSkip }: CopyOptions = {},
): Promise<CopyResult> {
  const { folder, name } = splitPath(path)
  const { fs } = localFiles()
  const info = await fs.stat(from)
  if (name === '.' && !info.isDirectory()) throw new TypeError(`copyTo: the path must name the file, got ${JSON.stringify(path)}`)
  const tell = guarded(onSkip)
  const result = { files: 0, bytes: 0, skipped: 0 }
  const archive = packed(from, name, {
    onFile: (size) => {
      result.files++
      result.bytes += size
    },
    onSkip: (entry) => {
      result.skipped++
      tell?.(entry)
    },
  })
  const command = ['tar', '-xmof', '-', '-C', folder]
  const { code, stderr } = await runCommand(client, { ...target, command, input: archive, stdout: false })
  if (code !== 0) throw new ExitError('tar', code, stderr.slice(0, MAX_STDERR))
  return result
}

/** Splits a path of a container: the folder that `tar` starts in, and the name of the copied file or folder in it. */
function splitPath(path: string): { folder: string; name: string } {
  if (!path) throw new TypeError('the path in the container must not be empty')
  const trimmed = path.replace(/\/+$/, '')
  const at = trimmed.lastIndexOf('/')
  const name = trimmed.slice(at + 1)
  if (name === '' || name === '.' || name === '..') return { folder: path, name: '.' }
  return { folder: at < 0 ? '.' : trimmed.slice(0, at) || '/', name }
}
