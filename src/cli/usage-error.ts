// The error of a command line with invalid arguments.

/** Invalid arguments on the command line. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  /** The help text of the command. */
  readonly usage: string

  constructor(message: string, usage: string) {
    super(message)
    this.usage = usage
  }
}
