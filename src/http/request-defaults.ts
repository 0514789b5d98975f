/**
 * The options of every request. Answers are never written to an HTTP cache, where Secrets would outlive the page, and a redirect is never followed:
 * `'manual'` shows where it leads in every runtime but browsers, which only show that it is one; `'error'` looks like a lost connection.
 */
export function requestDefaults(): RequestInit {
  return { redirect: 'manual', ...(takesCache() && { cache: 'no-store' }) }
}

/** Cloudflare's runtime throws on `cache` up to the compatibility date 2024-11-11. */
function takesCache(): boolean {
  try {
    new Request('http://localhost', { cache: 'no-store' })
    return true
  } catch {
    return false
  }
}
