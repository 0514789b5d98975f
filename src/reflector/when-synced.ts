// Waits until a feed has synced.

import { abortable } from '../internal/abortable'
import type { ReflectorStatus, SyncSource } from './options'

/** Options of {@link Reflector.whenSynced}. */
export interface WhenSyncedOptions {
  /** Ends the wait; the promise rejects with the signal's reason. */
  signal?: AbortSignal | undefined
  /** The reaction to a server that denies access or lacks the resource: continue to wait (the default), or reject with its error. */
  onDenied?: 'wait' | 'reject' | undefined
}

/** An object with an observable status. */
export interface StatusSource {
  readonly status: ReflectorStatus
  subscribe(listener: (status: ReflectorStatus) => void): () => void
}

/**
 * Resolves when a feed has synced.
 *
 * @throws as {@link Reflector.whenSynced}.
 */
export function whenSynced(feed: StatusSource, { signal, onDenied = 'wait' }: WhenSyncedOptions = {}): Promise<{ source: SyncSource }> {
  let unsubscribe = () => {}
  const synced = new Promise<{ source: SyncSource }>((resolve, reject) => {
    const look = ({ hasSynced, source, state, error }: ReflectorStatus) => {
      if (hasSynced && source) resolve({ source })
      else if (onDenied === 'reject' && (state === 'denied' || state === 'gone')) reject(error)
      else if (state === 'stopped') reject(new Error('the reflector was stopped before it had synced'))
    }
    unsubscribe = feed.subscribe(look)
    look(feed.status)
  })
  return abortable(synced, signal).finally(unsubscribe)
}
