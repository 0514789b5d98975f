/**
 * Checks a base URL as far as it can be without a page, and cuts the slashes at its end.
 *
 * @returns An absolute URL, a path that begins with a slash, or the empty string: the page's own origin.
 * @throws TypeError when it is no http or https URL and no path, or has credentials, a query, a fragment, a backslash or white space.
 */
export function checkBaseUrl(baseUrl: string): string {
  const refuse = (rule: string): never => {
    throw new TypeError(`KubeClient: baseUrl must ${rule}`)
  }
  if (hasControl(baseUrl) || /\s/.test(baseUrl)) refuse('have no white space and no control characters')
  // What can hold a password or a token is not quoted.
  if (/^(?:[a-z][a-z\d+.-]*:)?(?:\/\/+)?[^/?#]*@/i.test(baseUrl)) refuse('have no user and no password: use token or headers')
  // Browsers take a backslash for a slash, and two slashes for the beginning of a host.
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
 * Checks that requests have a host: of their base URL, or of the page. Done at the first request, so that a module that makes a client can be
 * imported on a server.
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
