// The interface of the clients that the soak test follows.

/** The counters of a run. */
export interface Counts {
  readonly events: number
  /** Versions without an event, or with a duplicate or misplaced one. */
  readonly lost: number
  /** Complete states after the first one. */
  readonly relists: number
  readonly errors: number
}

/** The state of a client at the end of a run. */
export interface ClientState {
  readonly objects: number
  readonly digest: number
  readonly resourceVersion: string
}

/** A client that holds the state of a server and follows its changes. */
export interface Subject {
  readonly counts: Counts
  /** Resolves when the client has reached the server's last version. */
  reach(resourceVersion: string): Promise<void>
  /** Returns the state; undefined for a client that keeps none. */
  state(): ClientState | undefined
  stop(): Promise<void>
}
