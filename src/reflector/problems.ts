// Reports recurring problems once.

import { isKubeError } from '../api/errors'
import { guarded, report } from '../internal/report'

/** The maximum number of kinds remembered between two recoveries. */
const MAX_KINDS = 100

/** Reports each kind of problem once until the next recovery. A feed that cannot work must say so, but not every second. */
export class Problems {
  readonly #tell: (error: unknown) => void
  readonly #kinds = new Set<string>()

  /** @param onError called with the first problem of each kind. Default: `console.error`. */
  constructor(onError: ((error: unknown) => void) | undefined = logError) {
    this.#tell = guarded(onError) ?? logError
  }

  /** Reports a problem, unless one of the same kind was reported since the last recovery. */
  report(kind: string, error: unknown): void {
    if (this.#kinds.has(kind) || this.#kinds.size >= MAX_KINDS) return
    this.#kinds.add(kind)
    this.#tell(error)
  }

  /** Resets the reported kinds after a recovery. */
  recovered(): void {
    this.#kinds.clear()
  }
}

/**
 * Writes an error of the library to the console, in one line. Reports any other error, such as one thrown by a handler, like an uncaught
 * error.
 */
export function logError(error: unknown): void {
  if (!isKubeError(error)) report(error)
  // biome-ignore lint/suspicious/noConsole: the default of `onError`, so that a feed that cannot work says so.
  else console.error(`kubeflect: ${inOneLine(error.message)}`)
}

/** A server's own words may have lines, and characters that control a terminal. */
function inOneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').trim()
}
