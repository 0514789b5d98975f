/** An order-independent digest of texts: equal sets have equal ones, and different sets hardly ever. */
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

/** What the server says of the state it came to. */
export interface ServerState {
  /** How many events there were. */
  readonly events: number
  readonly resourceVersion: string
}

/** As {@link ServerState}, when it changes no more. */
export interface FinalState extends ServerState {
  readonly objects: number
  /** Of the texts as a store keeps them. */
  readonly digest: number
}
