// Compares the texts of a store with those of the server by a digest.

/** Returns an order-independent digest of texts: equal sets have equal digests, and different sets almost never do. */
export function digestOf(texts: Iterable<string>): number {
  let sum = 0
  for (const text of texts) {
    // FNV-1a.
    let hash = 0x811c9dc5
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
    sum = (sum + (hash >>> 0)) % 0x1_0000_0000
  }
  return sum
}

/** The state of the server. */
export interface ServerState {
  /** The number of events. */
  readonly events: number
  readonly resourceVersion: string
}

/** The {@link ServerState} after the last change. */
export interface FinalState extends ServerState {
  readonly objects: number
  /** The digest of the texts as a store keeps them. */
  readonly digest: number
}
