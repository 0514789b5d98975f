// Loads optional peer dependencies.

import { KubeconfigError } from './error'

/**
 * Loads an optional peer dependency.
 *
 * @param load imports it.
 * @param purpose starts the message and names the feature that needs the package.
 * @param version the range to install, such as `@7`; default the newest.
 * @throws KubeconfigError that says whether the package is missing, or is installed but fails to load.
 */
export async function loadPeer<T>(name: string, load: () => Promise<T>, purpose: string, version = ''): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    const install = `npm install ${name}${version}`
    if (isNotInstalled(cause, name))
      throw new KubeconfigError(`${purpose} the package ${name}, an optional peer dependency that is not installed: ${install}`)
    const reason = cause instanceof Error ? cause.message.split('\n', 1)[0] : 'unknown error'
    throw new KubeconfigError(
      `${purpose} the package ${name}, which is installed but does not load (${reason}); a version for this runtime: ${install}`,
      { cause },
    )
  }
}

/**
 * Detects a missing package. Runtimes agree on the error code, but only the message says whether the package itself or one of its imports
 * is missing.
 */
function isNotInstalled(error: unknown, name: string): boolean {
  if (!(error instanceof Error)) return false
  const isMissing =
    ('code' in error && error.code === 'ERR_MODULE_NOT_FOUND') || /cannot find|not found|not a dependency/i.test(error.message)
  return isMissing && new RegExp(`["']${name}["']`).test(error.message)
}
