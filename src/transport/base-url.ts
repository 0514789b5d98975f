/** A base URL without a slash at its end. @throws TypeError when it is none, or outside a browser not absolute */
export function checkBaseUrl(baseUrl: string): string {
  const trimmed = baseUrl.replace(/\/+$/, '')
  if (/[?#]/.test(trimmed)) throw new TypeError(`KubeClient: baseUrl must have no query and no fragment, not ${JSON.stringify(baseUrl)}`)
  if (/^https?:\/\//i.test(trimmed)) return trimmed
  if (/^[a-z][a-z0-9+.-]*:/i.test(trimmed)) throw new TypeError(`KubeClient: baseUrl must be http or https, not ${JSON.stringify(baseUrl)}`)
  if (typeof globalThis.location === 'undefined') {
    throw new TypeError(
      `KubeClient: outside a browser baseUrl must be absolute, such as http://127.0.0.1:8001, not ${JSON.stringify(baseUrl)}`,
    )
  }
  return trimmed && `/${trimmed.replace(/^\/+/, '')}`
}
