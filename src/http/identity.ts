// Hashes the identity of a user, for keys of stored state.

import { fromBase64Url } from '../internal/base64'
import { sha256Hex } from './sha256'

const HEX_DIGITS = 32

/**
 * Hashes an identity: a token (of a JSON web token, its issuer and subject) and the impersonated user.
 *
 * @returns 32 hexadecimal digits.
 */
export function hashIdentity(token: string, impersonates: string | undefined): string {
  return sha256Hex(JSON.stringify([subjectOf(token) ?? token, impersonates ?? ''])).slice(0, HEX_DIGITS)
}

/** Returns the issuer and subject of a JSON web token; undefined for any other token. Not verified, because the token is the user's own. */
function subjectOf(token: string): readonly string[] | undefined {
  try {
    const [, payload = '', signature] = token.split('.')
    if (signature === undefined) return undefined
    const { iss, sub } = JSON.parse(fromBase64Url(payload))
    return typeof iss === 'string' && typeof sub === 'string' && sub ? [iss, sub] : undefined
  } catch {
    return undefined
  }
}
