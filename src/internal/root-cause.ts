// Finds the reason of a failed request in its chain of causes.

/** Messages without information; the reason is in the cause, if anywhere. */
const EMPTY_MESSAGES = /^(fetch failed|terminated|network error|request failed due to a network error.*)$/i

/** The messages of browsers for every failed request, which hide the reason so that pages cannot probe a network. */
const HIDDEN = /^(failed to fetch( \(.*\))?|networkerror when attempting to fetch resource\.?|load failed( \(.*\))?)$/i
const HIDDEN_REASONS =
  'the browser hides why: the server is down, CORS forbids it, an https page asks an http server, or its certificate is not trusted'

const UNTRUSTED = /self.signed|unable to (get|verify)|UnknownIssuer|CaUsedAsEndEntity|unknown (issuer|authority)/i
const TRUST = "give the cluster's certificate authority as `ca`, as loadKubeconfig does"

const MAX_LENGTH = 300
const MAX_DEPTH = 8
const MAX_ADDRESSES = 4

/**
 * Returns the reason of a failed request in a few words: the messages of the deepest causes, without boilerplate.
 *
 * @returns the reason; the empty string when the error has none.
 * @example
 * ```
 * rootCause(error) // 'ECONNREFUSED 127.0.0.1:8001', 'ENOTFOUND kube.test', 'certificate has expired'
 * ```
 */
export function rootCause(error: unknown): string {
  const reasons = reasonsOf(error, MAX_DEPTH).filter(
    (reason, at, all) => reason && !all.slice(0, at).some((outer) => outer.includes(reason)),
  )
  const text = reasons.join(': ') || messageOf(error)
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text
}

function reasonsOf(error: unknown, depth: number): string[] {
  if (error === undefined || error === null || depth === 0) return []
  const { cause, errors } = error as { cause?: unknown; errors?: unknown }
  const own = reasonOf(messageOf(error))
  if (!Array.isArray(errors)) return [own, ...reasonsOf(cause, depth - 1)]
  // One error for each address of the host.
  const addresses = errors.map((one) => reasonsOf(one, depth - 1).join(': '))
  return [own, [...new Set(addresses)].slice(0, MAX_ADDRESSES).join(', ')]
}

function messageOf(error: unknown): string {
  if (typeof error === 'string') return error
  const { message, code, errors } = (error ?? {}) as { message?: unknown; code?: unknown; errors?: unknown }
  if (typeof message === 'string' && message) return message
  return typeof code === 'string' && !Array.isArray(errors) ? code : ''
}

function reasonOf(message: string): string {
  if (EMPTY_MESSAGES.test(message)) return ''
  if (HIDDEN.test(message)) return `${message.replace(/\.$/, '')} (${HIDDEN_REASONS})`
  const reason = message
    // Removes Node's system call, Deno's repeated URL, OpenSSL's source location, then the advice of runtimes.
    .replace(/^(connect|read|write|getaddrinfo|query\w*) (?=E[A-Z_]+)/, '')
    .replace(/^error sending request (from \S+ )?for (url )?\S+( \(\S+\))?: (client error \(\w+\): )?/, '')
    .replace(/^.*SSL routines:[^:]*:([^:]+):[\s\S]*$/, '$1')
    .replace(/(; if the root CA is installed|\. Is the computer able to|\. For more information, pass)[\s\S]*$/, '')
    .replace(/\s+/g, ' ')
    .trim()
  if (UNTRUSTED.test(reason)) return `${reason} (${TRUST})`
  return /wrong version number|InvalidContentType/.test(reason) ? `${reason} (does the server speak TLS on this port?)` : reason
}
