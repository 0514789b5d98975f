// Selects the proxy for a server from the environment.

/**
 * Returns the proxy that the environment names for a server: `HTTPS_PROXY` or `HTTP_PROXY`, unless `NO_PROXY` excludes the server. Loopback
 * addresses never use a proxy.
 *
 * @param env the variables; lower-case names are also read.
 * @returns the URL of the proxy, or `undefined` for a direct connection.
 * @see golang.org/x/net `httpproxy.FromEnvironment`
 */
export function proxyFromEnvironment(server: URL, env: Readonly<Record<string, string | undefined>>): string | undefined {
  const read = (name: string) => env[name] || env[name.toLowerCase()] || ''
  const proxy = read(server.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY')
  if (!proxy || isExcluded(server, read('NO_PROXY'))) return undefined
  return proxy.includes('://') ? proxy : `http://${proxy}`
}

const LOOPBACK: readonly string[] = ['127.0.0.0/8', '::1/128']

function isExcluded({ hostname, port, protocol }: URL, noProxy: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '')
  const actualPort = port || (protocol === 'https:' ? '443' : '80')
  if (host === 'localhost' || LOOPBACK.some((range) => isInRange(host, range))) return true
  return noProxy
    .toLowerCase()
    .split(',')
    .map((rule) => rule.trim())
    .filter(Boolean)
    .some((rule) => rule === '*' || matches(rule, host, actualPort))
}

function matches(rule: string, host: string, port: string): boolean {
  if (isInRange(host, rule)) return true
  const [, name = '', onlyPort] = /^(.*?)(?::(\d+))?$/.exec(addressOf(rule) ? `[${rule}]` : rule) ?? []
  if (!name || (onlyPort !== undefined && onlyPort !== port)) return false
  const address = addressOf(name.replace(/^\[|\]$/g, ''))
  if (address) return addressOf(host)?.value === address.value
  // `.a.b` and `*.a.b` match the subdomains of a.b; `a.b` matches these and a.b itself.
  const domain = name.replace(/^\*?\./, '')
  return host.endsWith(`.${domain}`) || (domain === name && host === domain)
}

function isInRange(host: string, range: string): boolean {
  const [, base = '', length] = /^(.+)\/(\d+)$/.exec(range) ?? []
  const network = addressOf(base)
  const address = addressOf(host)
  if (!network || network.bits !== address?.bits) return false
  const rest = BigInt(Math.max(network.bits - Number(length), 0))
  return network.value >> rest === address.value >> rest
}

/** Returns an IP address as a number. */
function addressOf(text: string): { bits: number; value: bigint } | undefined {
  const hexadecimal = (groups: readonly string[], digits: number) =>
    BigInt(`0x${groups.map((group) => group.padStart(digits, '0')).join('')}`)
  if (/^\d+(\.\d+){3}$/.test(text))
    return {
      bits: 32,
      value: hexadecimal(
        text.split('.').map((part) => Number(part).toString(16)),
        2,
      ),
    }
  if (!text.includes(':') || !URL.canParse(`http://[${text}]`)) return undefined
  // A URL normalizes IPv6 to hexadecimal groups with at most one gap.
  const [head = '', tail] = new URL(`http://[${text}]`).hostname.slice(1, -1).split('::')
  const groups = (part: string | undefined) => part?.split(':').filter(Boolean) ?? []
  const gap = Array.from({ length: 8 - groups(head).length - groups(tail).length }, () => '0')
  return { bits: 128, value: hexadecimal([...groups(head), ...gap, ...groups(tail)], 4) }
}
