import type { ListOptions, WatchOptions } from '../../src/api/options'

type Tweak = <O extends ListOptions | WatchOptions>(options: O) => O

/** Servers are to end watches after so many seconds; the library itself asks for 5 to 10 minutes. */
export function endAfter(timeoutSeconds: number): Tweak {
  return (options) => ('timeoutSeconds' in options ? { ...options, timeoutSeconds } : options)
}

/** The first list asks for the newest state: only then does it come in pages. */
export const fromNewest: Tweak = (options) =>
  options.resourceVersion === '0' ? { ...options, resourceVersion: undefined, resourceVersionMatch: undefined } : options
