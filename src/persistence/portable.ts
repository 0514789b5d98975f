// Settings of persisters that can be sent to a Worker.

/** The settings from which another thread makes an `idbPersister`; plain data. */
export interface IdbSettings {
  readonly database: string
  readonly openTimeoutMs?: number | undefined
  /** Whether texts are stored packed. */
  readonly pack?: boolean | undefined
}
