/** A cluster that the playground shows, with the actions of its buttons. */
export interface Cluster {
  /** Identifies the cluster, so that a browser never shows the stored state of one for another. */
  readonly name: string
  /** The current changes per second; undefined for a real cluster. */
  changesPerSecond: number | undefined
  /** Whether the optional kind is defined; undefined for a real cluster. */
  hasExtraKind: boolean | undefined
  /** Answers a request with the path of an API server. */
  fetch(request: Request): Promise<Response>
  /** Breaks every connection. */
  cut(): void
  /** Drops the history and breaks every connection, so that resumed watches get a 410. */
  expire(): void
}
