// Parses the options of a command.

import type { Host, OptionConfig } from './host'
import { UsageError } from './usage-error'

type OptionValues = ReturnType<Host['parseArgs']>['values']

/** Parses the arguments of a command that takes options only. @throws UsageError with the command's usage. */
export function parseOptions(
  args: readonly string[],
  host: Host,
  { options, usage }: { options: Readonly<Record<string, OptionConfig>>; usage: string },
): OptionValues {
  try {
    return host.parseArgs({ args: [...args], options, allowPositionals: false }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), usage)
  }
}

/** Returns the values of an option that can be given several times. */
export const severalOf = (values: OptionValues, name: string): string[] =>
  [values[name] ?? []].flat().filter((value) => typeof value === 'string')
