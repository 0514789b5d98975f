// Reads the files that a kubeconfig refers to, with errors that name the owner, the field and the file.

import type { CredentialField } from './credentials'
import { KubeconfigError } from './error'
import { checkHeaderValue } from './header-value'
import { codeOf, type Host } from './host'
import { decodePem, decodeText, encodeText } from './text'

/** The maximum size of a file, in bytes: 4 MiB. A kubeconfig with inline certificates has about 6 KiB. */
export const MAX_FILE_BYTES: number = 4 * 1024 * 1024

/** Reads a file as bytes. @throws KubeconfigError; an error with the code `ENOENT` is passed on unchanged. */
export async function readBytes({ readFile }: Pick<Host, 'readFile'>, path: string): Promise<Uint8Array> {
  const content = await readFile(path, MAX_FILE_BYTES)
  const bytes = typeof content === 'string' ? encodeText(content) : content
  if (bytes.length > MAX_FILE_BYTES) throw new KubeconfigError(`${path} is longer than the limit of ${MAX_FILE_BYTES} bytes`)
  return bytes
}

/** Decodes the text of a file. @throws KubeconfigError when it is not text. */
export function textOf(bytes: Uint8Array, path: string): string {
  try {
    return decodeText(bytes)
  } catch {
    throw new KubeconfigError(`${path} is neither UTF-8 nor UTF-16 with a byte order mark`)
  }
}

/** Creates a reader of the files that the fields of an owner name. Its errors name the owner, the field and the file. */
export function readerOf(host: Pick<Host, 'readFile'>, owner: string): (path: string, field: string) => Promise<Uint8Array> {
  return (path, field) =>
    readBytes(host, path).catch((error) => {
      const problem = error instanceof KubeconfigError ? error.message : `${path} cannot be read (${codeOf(error)})`
      throw new KubeconfigError(`${owner}: ${field}: ${problem}`)
    })
}

/** Creates a reader of credential files: PEM, or a token, trimmed and checked to fit in a header. */
export function credentialFileReader(
  host: Pick<Host, 'readFile'>,
  owner: string,
): (path: string, field: CredentialField) => Promise<string> {
  const read = readerOf(host, owner)
  return async (path, field) => {
    const bytes = await read(path, field)
    if (field !== 'tokenFile') return decodePem(bytes)
    const origin = `${owner}: the token in ${path}`
    const token = textOf(bytes, `${owner}: ${path}`).trim()
    if (token === '') throw new KubeconfigError(`${origin} is empty`)
    return checkHeaderValue(token, origin)
  }
}
