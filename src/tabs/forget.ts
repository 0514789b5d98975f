// `forget`: logs a user out in every tab.

import type { Persister } from '../persistence/persister'
import type { EntryClient } from '../source/list-watch'
import { joinBroadcast } from './broadcast'
import { checkIdentity, type Identity, identityOf } from './identity'

/** Options of {@link forget}. */
export interface ForgetOptions extends Identity {
  /** The storage of the user's objects, which are removed even while no tab is open. Default: the owner of the feeds removes what it stored. */
  persister?: Persister | undefined
}

/**
 * Logs a user out in every tab. The informers that share feeds of this user stop with a {@link ClearedError}, their stores are emptied, the
 * owner of the feeds ends its requests, and the stored objects are removed. Frozen and cached pages take part as soon as they run. A later
 * informer of the same user starts over.
 *
 * @throws TypeError when the user is missing; PersistenceError when the objects cannot be removed.
 * @example
 * ```ts
 * await forget(client, { user: 'alice', persister })
 * ```
 */
export function forget(client: EntryClient, options: ForgetOptions): Promise<void> {
  return forgetOver(joinBroadcast, client, options)
}

/** As {@link forget}, over a given channel of all tabs. */
export async function forgetOver(
  join: typeof joinBroadcast,
  client: EntryClient,
  { persister, ...identity }: ForgetOptions,
): Promise<void> {
  checkIdentity('forget', identity)
  const channel = join(() => undefined)
  channel.post({ type: 'forget', identity: identityOf(client, identity) })
  channel.close()
  await persister?.clear({ user: identity.user, cluster: identity.cluster ?? client.baseUrl })
}
