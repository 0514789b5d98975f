// Reads local files as an archive.

import { KubeError } from '../api/errors'
import type { SkippedEntry } from './extraction'
import { type LocalFiles, localFiles } from './files'
import { paddingOf, TAR_END, tarHeader } from './tar-header'

/** Receives what {@link packed} does. */
interface PackObserver {
  /** Called with the length of each file. */
  readonly onFile: (size: number) => void
  readonly onSkip: (entry: SkippedEntry) => void
}

/** The number of bytes that are read at once. */
const PART = 64 * 1024

/**
 * Packs a local file or folder, as it is read.
 *
 * @param from followed if it is a symbolic link, unlike those in the folder.
 * @param name its path in the archive.
 * @throws in the stream: the errors of the file system; KubeError when a file shrinks while it is read.
 */
export function packed(from: string, name: string, observer: PackObserver): ReadableStream<Uint8Array> {
  const chunks = archive(from, name, observer)
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await chunks.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      cancel: () => chunks.return(undefined).then(() => undefined),
    },
    { highWaterMark: 0 },
  )
}

async function* archive(from: string, name: string, observer: PackObserver): AsyncGenerator<Uint8Array, void, undefined> {
  const files = localFiles()
  yield* entries(files, { from: await files.fs.realpath(from), name }, observer)
  yield TAR_END
}

async function* entries(
  files: LocalFiles,
  { from, name }: { readonly from: string; readonly name: string },
  observer: PackObserver,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { fs, path } = files
  const info = await fs.lstat(from)
  const mode = info.mode & 0o777
  if (info.isDirectory()) {
    // The folder that tar starts in keeps its permissions.
    if (name !== '.') yield tarHeader({ kind: 'folder', path: name, mode })
    for (const child of (await fs.readdir(from)).sort())
      yield* entries(files, { from: path.join(from, child), name: `${name}/${child}` }, observer)
  } else if (info.isSymbolicLink()) yield tarHeader({ kind: 'link', path: name, mode, target: await fs.readlink(from) })
  else if (info.isFile()) yield* fileEntry(files, { from, name }, observer)
  else observer.onSkip({ path: from, reason: 'special' })
}

async function* fileEntry(
  { fs }: LocalFiles,
  { from, name }: { readonly from: string; readonly name: string },
  { onFile }: PackObserver,
): AsyncGenerator<Uint8Array, void, undefined> {
  const file = await fs.open(from, 'r')
  try {
    const { size, mode } = await file.stat()
    yield tarHeader({ kind: 'file', path: name, mode: mode & 0o777, size })
    for (let rest = size; rest > 0; ) {
      const buffer = new Uint8Array(Math.min(rest, PART))
      const { bytesRead } = await file.read(buffer)
      if (bytesRead === 0) throw new KubeError(`copyTo: ${from} became shorter while it was read`)
      rest -= bytesRead
      yield buffer.subarray(0, bytesRead)
    }
    onFile(size)
    const padding = paddingOf(size)
    if (padding > 0) yield new Uint8Array(padding)
  } finally {
    await file.close()
  }
}
