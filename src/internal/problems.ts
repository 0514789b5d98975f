import { isKubeError } from '../errors'
import { guarded, report } from './report'

/** The most kinds that are remembered between two recoveries. */
const MAX_KINDS = 100

/** Reports each kind of problem once, until all is well again: a feed that cannot work must say so, and not every second. */
export class Problems {
  readonly #tell: (error: unknown) => void
  readonly #kinds = new Set<string>()

  /** @param onError called with the first problem of each kind. Default: `console.error`. */
  constructor(onError: ((error: unknown) => void) | undefined = logError) {
    this.#tell = guarded(onError) ?? logError
  }

  /** Reports a problem, unless one of its kind was reported since the last recovery. */
  report(kind: string, error: unknown): void {
    if (this.#kinds.has(kind) || this.#kinds.size >= MAX_KINDS) return
    this.#kinds.add(kind)
    this.#tell(error)
  }

  /** Notes that all is well: the next problem is new. */
  recovered(): void {
    this.#kinds.clear()
  }
}

/**
 * Reports an error where its reader looks first: the library's own on the console, in one line; any other, such as one that a handler threw, as the
 * runtime reports uncaught errors.
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
