// The defaults of every request.

/**
 * Returns the options of every request. HTTP caches never store a response, because Secrets would outlive the page. Redirects are never
 * followed: `'manual'` reveals the target in every runtime but browsers, which only reveal that it is a redirect; `'error'` would look like
 * a lost connection.
 */
export function requestDefaults(): RequestInit {
  return { redirect: 'manual', ...(takesCache() && { cache: 'no-store' }) }
}

/** Whether the runtime accepts `cache`. Cloudflare's throws on it up to the compatibility date 2024-11-11. */
function takesCache(): boolean {
  try {
    new Request('http://localhost', { cache: 'no-store' })
    return true
  } catch {
    return false
  }
}
