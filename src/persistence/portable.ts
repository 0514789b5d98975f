/** What an `idbPersister` in another thread is made of: plain data. */
export interface IdbSettings {
  readonly database: string
  readonly openTimeoutMs?: number | undefined
}
