/** What is counted while things change. */
export interface Counts {
  readonly events: number
  /** Versions that no event was seen of, or that came twice or out of order. */
  readonly lost: number
  /** States that came as a whole, after the first one. */
  readonly relists: number
  readonly errors: number
}

/** What somebody who followed a server came to. */
export interface ClientState {
  readonly objects: number
  readonly digest: number
  readonly resourceVersion: string
}

/** Somebody who has everything a server has, and follows its changes. */
export interface Subject {
  readonly counts: Counts
  /** Resolves when it has come to the server's last version. */
  reach(resourceVersion: string): Promise<void>
  /** Undefined for one that keeps nothing. */
  state(): ClientState | undefined
  stop(): Promise<void>
}
