// Formats lists and watches as bodies. The text of an entry is written unchanged, or cut to its metadata.

import type { KubeObject } from '../api/object'
import { apiVersionOf, type Resource } from '../api/resource'
import type { Entry } from '../codec/entry'
import { forEachMember, STOP, skipSpace, skipValue } from '../codec/scan'
import { type EntryList, INITIAL_EVENTS_END, type WatchEntry } from '../codec/wire'
import type { WatchBatch } from './fan-out'

/**
 * The form of the objects in a body: as they are, or `PartialObjectMetadata` of a version of its API.
 *
 * @see apimachinery `metav1.PartialObjectMetadata`
 */
export type ObjectForm = 'object' | 'meta.k8s.io/v1' | 'meta.k8s.io/v1beta1'

/** The format of a body. */
export interface BodyFormat {
  readonly resource: Resource
  readonly form: ObjectForm
  /** Whether the items of a list keep `kind` and `apiVersion`. Those of built-in resources do not have them. */
  readonly itemTypes: 'keep' | 'omit'
}

/** Formats one object. */
export function objectBody({ text }: Entry<unknown>, { form }: Pick<BodyFormat, 'form'>): string {
  return form === 'object' ? text : metadataOnly(text, form)
}

/** Formats a list, in pieces. */
export function* listBody(list: EntryList<unknown>, { resource, form, itemTypes }: BodyFormat): Generator<string, void, undefined> {
  const metadata = {
    resourceVersion: list.resourceVersion,
    ...(list.continue && { continue: list.continue }),
    ...(list.remainingItemCount !== undefined && { remainingItemCount: list.remainingItemCount }),
  }
  const { kind, apiVersion } = typeOf(resource, form)
  yield `{"kind":"${kind}List","apiVersion":"${apiVersion}","metadata":${JSON.stringify(metadata)},"items":[`
  const prefix = `{"kind":"${resource.kind}","apiVersion":"${apiVersionOf(resource)}",`
  let separator = ''
  for (const entry of list.entries) {
    yield separator
    if (form !== 'object') yield metadataOnly(entry.text, itemTypes === 'omit' ? undefined : form)
    else yield itemTypes === 'omit' ? withoutType(entry.text, prefix) : entry.text
    separator = ','
  }
  yield ']}\n'
}

/** Formats the events of a watch, one per line. Events that several watches share become bytes once; others are formatted in pieces. */
export function watchBody(batch: WatchBatch<unknown>, format: BodyFormat): Iterator<string> | Uint8Array<ArrayBuffer> {
  const { events, encoded } = batch
  if (!encoded) return lines(events, format)
  const bytes = encoded.get(format.form) ?? new TextEncoder().encode([...lines(events, format)].join(''))
  encoded.set(format.form, bytes)
  return bytes
}

function* lines(events: readonly WatchEntry<unknown>[], { resource, form }: BodyFormat): Generator<string, void, undefined> {
  for (const event of events) {
    switch (event.type) {
      case 'BOOKMARK': {
        const annotations = event.initialEventsEnd ? { annotations: { [INITIAL_EVENTS_END]: 'true' } } : {}
        const object: KubeObject = { ...typeOf(resource, form), metadata: { resourceVersion: event.resourceVersion, ...annotations } }
        yield `${JSON.stringify({ type: event.type, object })}\n`
        break
      }
      case 'ERROR':
        yield `${JSON.stringify({ type: event.type, object: event.status })}\n`
        break
      case 'SKIPPED':
        break
      default:
        yield `{"type":"${event.type}","object":`
        yield objectBody(event.entry, { form })
        yield '}\n'
    }
  }
}

function typeOf(resource: Resource, form: ObjectForm): { kind: string; apiVersion: string } {
  if (form !== 'object') return { kind: 'PartialObjectMetadata', apiVersion: form }
  return { kind: resource.kind, apiVersion: apiVersionOf(resource) }
}

/** @param apiVersion undefined for metadata without a type. */
function metadataOnly(text: string, apiVersion: string | undefined): string {
  let metadata = '{}'
  forEachMember(text, skipSpace(text, 0), (key, start) => {
    if (key !== 'metadata') return skipValue(text, start)
    metadata = text.slice(start, skipValue(text, start))
    return STOP
  })
  const type = apiVersion === undefined ? '' : `"kind":"PartialObjectMetadata","apiVersion":"${apiVersion}",`
  return `{${type}"metadata":${metadata}}`
}

/** Removes the members `kind` and `apiVersion`. @param prefix the members as they are usually written. */
function withoutType(text: string, prefix: string): string {
  if (text.startsWith(prefix)) return `{${text.slice(prefix.length)}`
  const members: string[] = []
  forEachMember(text, skipSpace(text, 0), (key, start, keyStart) => {
    const end = skipValue(text, start)
    if (key !== 'kind' && key !== 'apiVersion') members.push(text.slice(keyStart, end))
    return end
  })
  return `{${members.join(',')}}`
}
