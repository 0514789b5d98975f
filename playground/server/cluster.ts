/** What the playground shows: a cluster, and what its buttons can do to it. */
export interface Cluster {
  /** Names it: what a browser stored of one cluster is not shown for another. */
  readonly name: string
  /** Changes per second that are being made; undefined where nobody can say so. */
  changesPerSecond: number | undefined
  /** Whether the kind that comes and goes is defined; undefined where it is not ours to define. */
  hasExtraKind: boolean | undefined
  /** Answers a request; its path is that of an API server. */
  fetch(request: Request): Promise<Response>
  /** Breaks every connection. */
  cut(): void
  /** Forgets the past, and breaks every connection: whoever resumes gets 410. */
  expire(): void
}
