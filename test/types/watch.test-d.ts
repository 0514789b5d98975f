import type { Entry, KubeClient, Status, WatchEntry, WatchEvent } from 'kubeflect'
import { Pod } from 'kubeflect/resources/core/v1'
import { expectTypeOf } from 'vitest'

declare const client: KubeClient
declare const event: WatchEvent<Pod>
declare const entry: WatchEntry<Pod>

expectTypeOf(client.watch(Pod)).toEqualTypeOf<AsyncGenerator<WatchEvent<Pod>, void, undefined>>()
expectTypeOf(client.watchEntries(Pod)).toEqualTypeOf<AsyncGenerator<readonly WatchEntry<Pod>[], void, undefined>>()

// The type of an event determines the type of its object.
switch (event.type) {
  case 'ADDED':
  case 'MODIFIED':
  case 'DELETED':
    expectTypeOf(event.object).toEqualTypeOf<Pod>()
    break
  case 'BOOKMARK':
    expectTypeOf(event.object.metadata.resourceVersion).toEqualTypeOf<string>()
    expectTypeOf(event.object).not.toHaveProperty('spec')
    break
  case 'ERROR':
    expectTypeOf(event.object).toEqualTypeOf<Status>()
    break
  default:
    expectTypeOf(event).toBeNever()
}

switch (entry.type) {
  case 'ADDED':
  case 'MODIFIED':
  case 'DELETED':
    expectTypeOf(entry.entry).toEqualTypeOf<Entry<Pod>>()
    expectTypeOf(entry.entry.object).toEqualTypeOf<Pod>()
    break
  case 'BOOKMARK':
    expectTypeOf(entry.initialEventsEnd).toEqualTypeOf<boolean>()
    break
  case 'ERROR':
    expectTypeOf(entry.status).toEqualTypeOf<Status>()
    break
  case 'SKIPPED':
    expectTypeOf(entry.error).toEqualTypeOf<Error>()
    break
  default:
    expectTypeOf(entry).toBeNever()
}

// @ts-expect-error: only the type of an event determines whether it has a status.
entry.status
