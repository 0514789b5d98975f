// The used part of `node:fs` and `node:path`, which Node, Deno and Bun have. The sources are compiled without Node's types.

/** A description of a file, folder or link: `fs.Stats`. */
export interface FileInfo {
  readonly mode: number
  readonly size: number
  isFile(): boolean
  isDirectory(): boolean
  isSymbolicLink(): boolean
}

/** An open file: `fs.FileHandle`. */
export interface FileHandle {
  stat(): Promise<FileInfo>
  read(buffer: Uint8Array): Promise<{ readonly bytesRead: number }>
  write(data: Uint8Array): Promise<{ readonly bytesWritten: number }>
  close(): Promise<void>
}

/** The functions for files and paths. */
export interface LocalFiles {
  readonly fs: {
    stat(path: string): Promise<FileInfo>
    lstat(path: string): Promise<FileInfo>
    readdir(path: string): Promise<string[]>
    readlink(path: string): Promise<string>
    realpath(path: string): Promise<string>
    mkdir(path: string, options?: { readonly recursive: boolean }): Promise<unknown>
    rm(path: string, options: { readonly force: boolean }): Promise<void>
    open(path: string, flags: string, mode?: number): Promise<FileHandle>
  }
  readonly path: {
    readonly sep: string
    join(...parts: string[]): string
    dirname(path: string): string
    resolve(path: string): string
  }
}

interface Modules {
  getBuiltinModule(name: 'node:fs/promises'): LocalFiles['fs']
  getBuiltinModule(name: 'node:path'): LocalFiles['path']
}

/** Returns the runtime's functions for files and paths. */
export function localFiles(): LocalFiles {
  const { process } = globalThis as unknown as { process: Modules }
  return { fs: process.getBuiltinModule('node:fs/promises'), path: process.getBuiltinModule('node:path') }
}
