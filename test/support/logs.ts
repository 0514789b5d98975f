// Reads logs in the background.

/** The lines that were read of a log in the background; `outcome` is `'open'`, `'ended'`, or the error that ended it. */
export interface SeenLines {
  readonly lines: string[]
  outcome: unknown
}

/** Reads a log in the background. */
export function readInBackground(log: AsyncIterable<string>): SeenLines {
  const seen: SeenLines = { lines: [], outcome: 'open' }
  const read = async () => {
    for await (const line of log) seen.lines.push(line)
    return 'ended'
  }
  void read()
    .catch((error: unknown) => error)
    .then((outcome) => {
      seen.outcome = outcome
    })
  return seen
}
