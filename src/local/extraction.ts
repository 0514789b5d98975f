// Writes the entries of an archive below one local path, and nothing outside of it.

import type { FileHandle, LocalFiles } from './files'
import type { TarEntry, TarPart } from './tar'

/**
 * An entry that was not copied: a symbolic or hard link; a device, pipe, socket or sparse file; a path outside of the target; or a name that this
 * machine cannot have.
 */
export interface SkippedEntry {
  /** The path in the archive, or the local path; undefined when it is not UTF-8. */
  readonly path: string | undefined
  readonly reason: 'link' | 'special' | 'outside' | 'name'
}

/** Options of {@link Extraction}. */
interface ExtractionOptions {
  readonly files: LocalFiles
  /** The first part of each path in the archive, which the target replaces; `.` for the whole archive. */
  readonly name: string
  /** The path that the copy gets. */
  readonly to: string
  readonly onSkip: (entry: SkippedEntry) => void
}

/**
 * Writes an archive. Links are never created, and never followed: a file replaces the link in its place, and a folder that leads out of the
 * target is left alone.
 */
export class Extraction {
  /** The number of files that were written. */
  files = 0
  /** The sum of their lengths. */
  bytes = 0
  readonly #options: ExtractionOptions
  readonly #to: string
  #file: FileHandle | undefined
  #root: string | undefined

  constructor(options: ExtractionOptions) {
    this.#options = options
    this.#to = options.files.path.resolve(options.to)
  }

  /** Writes a part of the archive. */
  async add(part: TarPart): Promise<void> {
    if (part instanceof Uint8Array) {
      // What belongs to an entry that is not copied is discarded.
      if (this.#file) await this.#write(this.#file, part)
      return
    }
    await this.close()
    const segments = this.#segmentsOf(part)
    if (typeof segments === 'string') return this.#options.onSkip({ path: part.path, reason: segments })
    if (part.kind === 'folder') {
      if (!(await this.#folder(segments))) this.#options.onSkip({ path: part.path, reason: 'outside' })
    } else await this.#begin(part, segments)
  }

  /** Closes the file that is being written. */
  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  async #write(file: FileHandle, bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) at += (await file.write(bytes.subarray(at))).bytesWritten
    this.bytes += bytes.length
  }

  /** The path of an entry below the target, or why it has none. */
  #segmentsOf({ path, kind }: TarEntry): string[] | SkippedEntry['reason'] {
    const { files, name } = this.#options
    if (path === undefined) return 'name'
    const segments = path.split('/').filter((segment) => segment !== '' && segment !== '.')
    if (path.startsWith('/') || segments.includes('..')) return 'outside'
    if (name !== '.' && segments.shift() !== name) return 'outside'
    if (kind === 'link') return 'link'
    if (kind === 'other') return 'special'
    // On Windows, these separate folders and drives.
    return files.path.sep !== '/' && segments.some((segment) => /[\\:]/.test(segment)) ? 'name' : segments
  }

  async #begin({ path, mode }: TarEntry, segments: readonly string[]): Promise<void> {
    const file = await this.#open(segments, mode)
    if (!file) return this.#options.onSkip({ path, reason: 'outside' })
    this.#file = file
    this.files++
  }

  async #open(segments: readonly string[], mode: number): Promise<FileHandle | undefined> {
    const { fs, path: paths } = this.#options.files
    const name = segments.at(-1)
    if (name === undefined) {
      await fs.mkdir(paths.dirname(this.#to), { recursive: true })
      return fs.open(this.#to, 'w', mode)
    }
    const folder = await this.#folder(segments.slice(0, -1))
    if (!folder) return undefined
    const place = paths.join(folder, name)
    await fs.rm(place, { force: true })
    // Fails if something has come into its place: this follows no link.
    return fs.open(place, 'wx', mode)
  }

  /** Creates a folder and its parents. Returns its real path; undefined when links lead out of the target. */
  async #folder(segments: readonly string[]): Promise<string | undefined> {
    const { fs, path: paths } = this.#options.files
    if (this.#root === undefined) {
      await fs.mkdir(this.#to, { recursive: true })
      this.#root = await fs.realpath(this.#to)
    }
    let folder = this.#root
    for (const segment of segments) {
      const next = paths.join(folder, segment)
      // Step by step, because a recursive mkdir would follow a link before it could be checked.
      await fs.mkdir(next).catch((error: unknown) => {
        if ((error as { code?: unknown }).code !== 'EEXIST') throw error
      })
      folder = await fs.realpath(next).catch(() => '')
      if (!isBelow(folder, this.#root, paths.sep)) return undefined
    }
    return folder
  }
}

/** Whether a real path is another one, or in it. */
function isBelow(path: string, root: string, separator: string): boolean {
  return path === root || path.startsWith(root.endsWith(separator) ? root : `${root}${separator}`)
}
