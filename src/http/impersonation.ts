// Headers that make a request act as another user.

import { checkHeaderValue } from './header-value'

/** The user to act as. The server must allow it. */
export interface Impersonation {
  readonly user: string
  /** At most one group: `fetch` joins headers of the same name with a comma, which the server would read as the name of one group. */
  readonly groups?: readonly string[] | undefined
  readonly uid?: string | undefined
}

/**
 * Sets the headers that impersonate a user. Refuses empty values: the server ignores them, so the request would have the full rights of its
 * credentials.
 *
 * @throws TypeError when the user is missing or empty, a group or the uid is empty, or there is more than one group.
 */
export function impersonate(headers: Headers, { user, uid, groups = [] }: Impersonation): void {
  if (groups.length > 1)
    throw new TypeError(`KubeClient: impersonate.groups can have one group, since fetch cannot repeat a header, not ${groups.length}`)
  headers.set('Impersonate-User', checkHeaderValue(user, 'KubeClient: impersonate.user'))
  if (uid !== undefined) headers.set('Impersonate-Uid', checkHeaderValue(uid, 'KubeClient: impersonate.uid'))
  for (const group of groups) headers.set('Impersonate-Group', checkHeaderValue(group, 'KubeClient: impersonate.groups'))
}

/**
 * Returns the impersonated identity in a client's headers as one canonical string, however it was set; undefined without one.
 *
 * @throws TypeError for a group, uid or extra field without a user.
 */
export function impersonated(headers: Headers): string | undefined {
  // Headers are iterated in the order of their names.
  const fields = [...headers].filter(([name]) => name.startsWith('impersonate-'))
  if (fields.length === 0) return undefined
  if (!headers.has('impersonate-user')) throw new TypeError('KubeClient: a group, uid or extra field is impersonated without a user')
  return new URLSearchParams(fields).toString()
}
