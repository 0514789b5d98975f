// A connection of Node and Bun, and its TLS settings. The sources are compiled without Node's types.

/** The part of `net.Socket` that is used. */
export interface Connection {
  on(event: string, listener: (value: Uint8Array) => void): unknown
  write(data: Uint8Array, done?: (error?: unknown) => void): boolean
  pause(): unknown
  resume(): unknown
  end(): unknown
  destroy(): unknown
}

/** TLS settings as `tls.connect` accepts them. */
export interface TlsOptions {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
  readonly servername?: string | undefined
  readonly rejectUnauthorized?: boolean | undefined
}
