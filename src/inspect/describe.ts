// Events of an informer in words, for the log of the devtools.

import type { InformerEvent } from '../informer/events'
import type { StepReason } from '../reflector/state'

const REASONS: Readonly<Record<StepReason | 'stopped', string>> = {
  start: 'the feed starts',
  listed: 'the list is complete',
  closed: 'the server closed the watch',
  poll: 'the poll interval is over',
  expired: 'the resourceVersion has expired (410)',
  'too-large': 'the server does not have this resourceVersion yet',
  throttled: 'the server is overloaded (429)',
  server: 'the server failed',
  denied: 'the server denies access (403)',
  unauthorized: 'the credentials were not accepted (401)',
  gone: 'the server does not have this resource (404)',
  refused: 'the server does not understand the request',
  connection: 'the connection failed',
  malformed: 'the response cannot be read',
  stale: 'the connection was silent for too long',
  unreadable: 'a stored text is not JSON',
  relist: 'a periodic list is due',
  'other-history': 'the server has another history',
  stalled: 'the initial stream makes no progress',
  overtaken: 'a list was faster than the stream',
  unwatchable: 'the server does not watch this resource',
  stopped: 'the feed was stopped',
}

/** Returns a reason in words. */
export function reasonText(reason: StepReason | 'stopped'): string {
  return REASONS[reason]
}

/**
 * Returns an event in words; undefined for events that come with every change.
 *
 * @param message returns the message of an error, without secrets.
 */
export function describeEvent(event: InformerEvent, message: (error: unknown) => string): string | undefined {
  switch (event.type) {
    case 'attempt': {
      const from = event.resourceVersion ? ` from ${event.resourceVersion}` : ''
      return `${event.attempt}${from}: ${REASONS[event.reason]}`
    }
    case 'opened':
      return `${event.attempt} opened`
    case 'replaced':
      return `${count(event.objects, 'object')} at ${event.resourceVersion} from a ${event.source}, ${ms(event.durationMs)}, ${size(event.bytes)}`
    case 'closed':
      return `${event.attempt} ended after ${ms(event.durationMs)}: ${REASONS[event.reason]}`
    case 'relist':
      return `reads everything again: ${REASONS[event.reason]}`
    case 'synced':
      return `synced from ${event.source} at ${event.resourceVersion} after ${ms(event.durationMs)}`
    case 'backoff':
      return `waits ${ms(event.ms)}: ${REASONS[event.reason]}`
    case 'probe':
      return event.purpose === 'history' ? 'checks the history of the version' : 'checks that the silent watch is alive'
    case 'loaded':
      return event.objects > 0
        ? `${count(event.objects, 'object')} at ${event.resourceVersion} from storage, ${ms(event.durationMs)}`
        : 'storage is empty'
    case 'owner':
      return event.change === 'joined'
        ? `joined the owner ${event.owner} after ${ms(event.durationMs)}`
        : `lost the owner ${event.owner} after ${ms(event.durationMs)}`
    case 'alone':
      return `this tab makes its own requests: ${event.why}`
    case 'error':
      return message(event.error)
    default:
      return undefined
  }
}

/** Returns a duration for people: `12 ms`, `3.4 s`, `2 min`. */
export function ms(duration: number): string {
  if (duration < 1_000) return `${Math.round(duration)} ms`
  return duration < 120_000 ? `${(duration / 1_000).toFixed(1)} s` : `${Math.round(duration / 60_000)} min`
}

/** Returns a number of bytes or characters for people: `512 B`, `1.2 kB`, `3.4 MB`. */
export function size(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
