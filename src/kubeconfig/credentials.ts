import type { Clock } from '../internal/clock'

/** A client certificate and its key, PEM. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

/** What a request is sent with to say who asks. */
export interface Credential {
  /** A bearer token. */
  readonly token?: string | undefined
  readonly certificate?: Certificate | undefined
  /** Until when it may be used, in milliseconds since the epoch. Default: until the server refuses it. */
  readonly expiresAt?: number | undefined
}

/**
 * Holds a credential until it expires or is refused. However many requests wait for one, it is read once for all of them.
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

  /** The credential to use now. @throws what reading it throws; the next caller reads anew. */
  get(): Promise<Credential> {
    const expiresAt = this.#held?.expiresAt
    if (expiresAt !== undefined && this.#clock.now() > expiresAt) this.#asked = undefined
    this.#asked ??= this.#ask()
    return this.#asked
  }

  /** Has another one read by the next `get`, unless that has happened already. */
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

/** Where the parts of a credential lie: in files, which may be rotated, or inline. */
export interface CredentialParts {
  /** A bearer token; what to use as long as `tokenFile` could never be read. */
  readonly token?: string | undefined
  readonly tokenFile?: string | undefined
  /** Each a path or the PEM text itself. */
  readonly certificate?: { readonly cert: { file: string } | string; readonly key: { file: string } | string } | undefined
}

/** A field of a kubeconfig's user that can name a file. */
export type CredentialField = 'tokenFile' | 'client-certificate' | 'client-key'

/** Rotated files are looked at this often, as client-go does. */
const FILES_ARE_GOOD_FOR_MS = 60_000

/**
 * Gives what reads a credential that is inline or in files. Once a minute the files are read again; what was read last is used when they cannot be.
 *
 * @param readFile Throws an error that names the file, and the field that names it.
 * @returns rejects as `readFile` does, when nothing was ever read.
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
