// The Events of a recorder, and the grouping of repeated ones into series (pure).

import type { KubeObject } from '../api/object'
import type { Resource } from '../api/resource'
import { microTime } from './lease'
import { type ObjectType, typeOf } from './owners'

/** An Event as `events.k8s.io/v1` has it. */
export interface EventObject extends KubeObject {
  readonly eventTime?: string
  readonly series?: { readonly count: number; readonly lastObservedTime: string }
  readonly reportingController?: string
  readonly reportingInstance?: string
  readonly action?: string
  readonly reason?: string
  readonly note?: string
  readonly type?: string
  readonly regarding?: ObjectReference
  readonly related?: ObjectReference
}

/** The resource of Events. */
export const EVENTS: Resource<EventObject> = {
  group: 'events.k8s.io',
  version: 'v1',
  plural: 'events',
  kind: 'Event',
  scope: 'Namespaced',
}

/** A reference to an object in an Event. */
export interface ObjectReference {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly namespace?: string
  readonly uid?: string
  readonly resourceVersion?: string
}

/** Something worth an Event. */
export interface Occurrence {
  /** The object that it happened to. */
  readonly regarding: KubeObject
  /** The resource of `regarding`; required for an object without `kind` and `apiVersion`. */
  readonly resource?: ObjectType | undefined
  /** Another object that took part. */
  readonly related?: KubeObject | undefined
  /** Default `'Normal'`. */
  readonly type?: 'Normal' | 'Warning' | undefined
  /** The reason in one word, such as `Scaled`; at most 128 bytes. */
  readonly reason: string
  /** The action in one word, such as `Scale`. */
  readonly action: string
  /** A sentence for people; at most 1,024 bytes, the rest is cut. */
  readonly note?: string | undefined
}

const MAX_NOTE = 1024
const MAX_REASON = 128
/** The namespace of Events about cluster-scoped objects. */
const CLUSTER_NAMESPACE = 'default'

/** Returns the reference to an object. @throws TypeError when its kind is unknown. */
export function referenceTo(object: KubeObject, resource?: ObjectType): ObjectReference {
  const { name = '', namespace, uid, resourceVersion } = object.metadata
  const type = typeOf(object, resource, 'EventRecorder')
  return { ...type, name, ...(namespace && { namespace }), ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) }
}

/**
 * Makes the Event of an occurrence.
 *
 * @param suffix makes the name unique.
 * @throws TypeError without a reason or action, which the API server requires.
 */
export function eventOf(
  { regarding, resource, related, type = 'Normal', reason, action, note }: Occurrence,
  { controller, instance, nowMs, suffix }: { controller: string; instance: string; nowMs: number; suffix: string },
): EventObject {
  if (!reason || !action) throw new TypeError('EventRecorder: reason and action must be non-empty strings')
  const reference = referenceTo(regarding, resource)
  return {
    metadata: { name: `${reference.name.slice(0, 200)}.${suffix}`, namespace: reference.namespace ?? CLUSTER_NAMESPACE },
    eventTime: microTime(nowMs),
    reportingController: controller,
    reportingInstance: cut(instance, MAX_REASON),
    action: cut(action, MAX_REASON),
    reason: cut(reason, MAX_REASON),
    type,
    regarding: reference,
    ...(related && { related: referenceTo(related) }),
    ...(note !== undefined && { note: cut(note, MAX_NOTE) }),
  }
}

/** Returns the key of equal Events. @param withNote whether Events with different notes differ. */
export function eventKey({ type, action, reason, regarding, related, note }: EventObject, withNote: boolean): string {
  const identity = (reference: ObjectReference | undefined) =>
    reference && [reference.kind, reference.namespace, reference.name, reference.uid]
  return JSON.stringify([type, action, reason, identity(regarding), identity(related), withNote ? note : undefined])
}

/** Cuts a text to a number of bytes of UTF-8, at a character. */
export function cut(text: string, maxBytes: number): string {
  const bytes = new TextEncoder().encode(text)
  if (bytes.length <= maxBytes) return text
  return new TextDecoder().decode(bytes.subarray(0, maxBytes)).replace(/\ufffd$/, '')
}
