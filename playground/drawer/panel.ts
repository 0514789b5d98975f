// What the panels of the drawer have in common.
import type { Entry, KubeClient, KubeObject, Resource } from 'kubeflect'
import type { DiscoveredResource } from 'kubeflect/discovery'
import type { Rewindable } from '../time/rewindable.ts'

/** The object of the drawer, in the version that is shown. */
export interface Subject {
  readonly resource: Resource
  readonly entry: Entry<KubeObject>
  /** The objects that it comes from: those of now, or of the past. */
  readonly source: Rewindable
}

/** What panels need of the page. */
export interface PanelContext {
  readonly client: KubeClient
  /** Returns the resources of the server. */
  readonly resources: () => readonly DiscoveredResource[]
  /** Returns whether the views show the past. */
  readonly isPast: () => boolean
  /** Returns the time that the views show, in milliseconds since the epoch. */
  readonly now: () => number
  /** Opens another object in the drawer. */
  readonly openObject: (resource: Resource, entry: Entry<KubeObject>) => Promise<void>
}

/**
 * Opens a panel for an object in an empty element, until the signal is aborted.
 *
 * @returns the function that shows another version of the object.
 */
export type OpenPanel = (
  host: HTMLElement,
  subject: Subject,
  context: PanelContext & { readonly signal: AbortSignal },
) => (next: Subject) => void

/** Returns the name and the namespace of an object as the options of requests take them. */
export function placeOf({ entry: { name, namespace } }: Subject): { name: string; namespace: string | undefined } {
  return { name, namespace: namespace || undefined }
}
