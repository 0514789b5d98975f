// Reads credentials, caches them until they expire or the server refuses them, and follows rotated files.

import type { Clock } from '../internal/clock'

/** A client certificate and its key, PEM. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

/** The credential of a request. */
export interface Credential {
  /** A bearer token. */
  readonly token?: string | undefined
  readonly certificate?: Certificate | undefined
  /** The time of expiry, in milliseconds since the epoch. Default: valid until the server refuses it. */
  readonly expiresAt?: number | undefined
}

/**
 * Caches a credential until it expires or is refused. Concurrent callers share one read.
 *
 * @see client-go `exec.Authenticator`, `transport.cachingTokenSource`
 */
export class CredentialCache {
  readonly #read: () => Promise<Credential>
  readonly #clock: Pick<Clock, 'now'>
  #asked: Promise<Credential> | undefined
  #held: Credential | undefined

  constructor(read: () => Promise<Credential>, clock: Pick<Clock, 'now'>) {
    this.#read = read
    this.#clock = clock
  }

  /** Returns the current credential. @throws the error of the read; the next call reads again. */
  get(): Promise<Credential> {
    const expiresAt = this.#held?.expiresAt
    if (expiresAt !== undefined && this.#clock.now() > expiresAt) this.#asked = undefined
    this.#asked ??= this.#ask()
    return this.#asked
  }

  /** Discards a refused credential, so that the next `get` reads again. A no-op for a credential that was already replaced. */
  refused(credential: Credential): void {
    if (credential === this.#held) this.#asked = undefined
  }

  #ask(): Promise<Credential> {
    this.#held = undefined
    const asked = this.#read()
    asked.then(
      (credential) => {
        this.#held = credential
      },
      () => {
        this.#asked = undefined
      },
    )
    return asked
  }
}

/** The parts of a credential, inline or in files that may be rotated. */
export interface CredentialParts {
  /** A bearer token; the fallback until `tokenFile` has been read once. */
  readonly token?: string | undefined
  readonly tokenFile?: string | undefined
  /** Each part is a path or the PEM text itself. */
  readonly certificate?: { readonly cert: { file: string } | string; readonly key: { file: string } | string } | undefined
}

/** A field of a kubeconfig user that can name a file. */
export type CredentialField = 'tokenFile' | 'client-certificate' | 'client-key'

/** The interval between reads of rotated files, in milliseconds; the same as in client-go. */
const FILES_ARE_GOOD_FOR_MS = 60_000

/**
 * Creates a reader of a credential that is inline or in files. Files are read again once a minute. When a read fails, the last result is
 * used.
 *
 * @param readFile reads a file; its errors name the file and the field that refers to it.
 * @returns a function that rejects like `readFile` when no read has ever succeeded.
 */
export function credentialReader(
  { token, tokenFile, certificate }: CredentialParts,
  readFile: (path: string, field: CredentialField) => Promise<string>,
  clock: Pick<Clock, 'now'>,
): () => Promise<Credential> {
  const partOf = (part: { file: string } | string, field: CredentialField) => (typeof part === 'string' ? part : readFile(part.file, field))
  const isInFiles = tokenFile || typeof certificate?.cert === 'object' || typeof certificate?.key === 'object'
  let last: Credential | undefined
  const read = async (): Promise<Credential> => ({
    token: tokenFile ? (await readFile(tokenFile, 'tokenFile').catch(instead(token))).trim() : token,
    certificate: certificate && {
      cert: await partOf(certificate.cert, 'client-certificate'),
      key: await partOf(certificate.key, 'client-key'),
    },
  })
  return async () => {
    const credential = await read().catch(instead(last))
    last = credential
    return isInFiles ? { ...credential, expiresAt: clock.now() + FILES_ARE_GOOD_FOR_MS } : credential
  }
}

const instead =
  <T>(fallback: T | undefined) =>
  (error: unknown): T => {
    if (fallback === undefined) throw error
    return fallback
  }
