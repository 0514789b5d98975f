// The client on which the Worker's side of a connection executes requests.

import type { KubeObject } from '../../api/object'
import type { EntryList } from '../../codec/wire'
import type { EntryClient } from '../../source/list-watch'
import type { ScopeRequest } from '../protocol'

/** A client that may store what it reads, and return it before the server has confirmed it. */
export interface HostClient extends EntryClient {
  /** Stores the state of a scope from now on. */
  keep?(scope: ScopeRequest): Promise<void>
  /** Returns the state of a scope that is known now, and stores it from now on; undefined when none is known. */
  present?(scope: ScopeRequest): Promise<EntryList<KubeObject> | undefined>
}
