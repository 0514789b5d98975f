// Parses the command lines of the scripts.

import { parseArgs } from 'node:util'

/**
 * Parses a command line.
 *
 * @template {NonNullable<import('node:util').ParseArgsConfig['options']>} O
 * @param {string[]} args
 * @param {O} options for `parseArgs` of node:util.
 * @param {string} usage appended to the message for invalid arguments.
 * @param {{ allowPositionals?: boolean }} [more]
 */
export function parseFlags(args, options, usage, { allowPositionals = false } = {}) {
  try {
    return parseArgs({ args, options, allowPositionals }).values
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n\n${usage}`)
  }
}
