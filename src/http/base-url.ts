// Validates the URL of an API server.

/**
 * Validates a base URL as far as that is possible without a page, and removes trailing slashes.
 *
 * @returns an absolute URL, a path that begins with a slash, or the empty string for the page's own origin.
 * @throws TypeError for anything but an http or https URL or a path, and for credentials, a query, a fragment, a backslash or white space.
 */
export function checkBaseUrl(baseUrl: string): string {
  const refuse = (rule: string): never => {
    throw new TypeError(`KubeClient: baseUrl must ${rule}`)
  }
  if (hasControl(baseUrl) || /\s/.test(baseUrl)) refuse('have no white space and no control characters')
  // Parts that can hold a password or a token are not quoted.
  if (/^(?:[a-z][a-z\d+.-]*:)?(?:\/\/+)?[^/?#]*@/i.test(baseUrl)) refuse('have no user and no password: use token or headers')
  // Browsers read a backslash as a slash, and two slashes as the start of a host.
  if (/\\|^\/\//.test(baseUrl)) refuse('have no backslash, and not begin with two slashes')
  if (/[?#]/.test(baseUrl)) refuse('have no query and no fragment')
  const trimmed = baseUrl.replace(/\/+$/, '')
  if (/^https?:\/\//i.test(trimmed)) {
    if (!isUrl(trimmed)) refuse('be a URL, such as http://127.0.0.1:8001')
    return trimmed
  }
  if (/^[a-z][a-z\d+.-]*:/i.test(trimmed))
    refuse(`be http or https, not ${baseUrl.includes('@') ? 'another scheme' : JSON.stringify(baseUrl)}`)
  return trimmed && `/${trimmed.replace(/^\/+/, '')}`
}

function isUrl(text: string): boolean {
  try {
    return new URL(text).host !== ''
  } catch {
    return false
  }
}

/**
 * Checks that requests have a host: that of the base URL or of the page. Runs with the first request, so that a module that creates a
 * client can be imported on a server.
 *
 * @throws TypeError outside a browser when the base URL is not absolute.
 */
export function checkHost(baseUrl: string): void {
  if (/^https?:/i.test(baseUrl) || typeof globalThis.location !== 'undefined') return
  throw new TypeError(
    `KubeClient: outside a browser baseUrl must be absolute, such as http://127.0.0.1:8001, not ${JSON.stringify(baseUrl)}`,
  )
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
const hasControl = (text: string): boolean => /[\0-\x1f\x7f-\x9f]/.test(text)
