// Names the user and the cluster whose feeds are shared.

import { describeValue } from '../internal/describe-value'
import type { EntryClient } from '../source/list-watch'

/** The user and the cluster whose feeds are shared. */
export interface Identity {
  /**
   * A stable name of the user, such as the subject of the login. Tabs share with tabs of the same user only. The empty string when there is
   * only one user.
   */
  user: string
  /** The name of the cluster. Default: the client's base URL. */
  cluster?: string | undefined
}

/** The beginning of every identity, and so of every owner's name. */
export const IDENTITY_PREFIX = '["kubeflect",'

/** @throws TypeError when the user is not a string. */
export function checkIdentity(caller: string, { user }: Identity): void {
  if (typeof user === 'string') return
  const advice = 'tabs share with tabs of the same user only; give the empty string when there is only one user'
  throw new TypeError(`${caller}: expected the name of the user, got ${describeValue(user)}: ${advice}`)
}

/** Returns the name under which tabs find each other. Nothing is shared between different names, and no name is the start of another. */
export function identityOf({ baseUrl, impersonates = '' }: EntryClient, { user, cluster = baseUrl }: Identity): string {
  return JSON.stringify(['kubeflect', cluster, user, impersonates])
}
