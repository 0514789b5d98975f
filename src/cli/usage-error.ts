/** A command line that makes no sense. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  /** How the command is meant. */
  readonly usage: string

  constructor(message: string, usage: string) {
    super(message)
    this.usage = usage
  }
}
