// Counts the traffic of the page.
import type { EntryClient, KubeObject, ListEntriesOptions, Resource, WatchEntriesOptions } from 'kubeflect'

/** The window of a rate, in milliseconds. */
const WINDOW_MS = 5000

/** Counts the requests, lists, bytes and events of a feed. */
export class Traffic {
  /** Requests sent, including failed ones. */
  requests = 0
  /** Complete states requested: lists and streamed lists. */
  lists = 0
  /** Bytes of bodies before compression. */
  bytes = 0
  #recent: { readonly at: number; readonly events: number }[] = []

  /** Counts events. */
  note(events: number): void {
    this.#recent.push({ at: Date.now(), events })
  }

  /** Returns the recent events per second. */
  eventsPerSecond(now: number): number {
    const first = this.#recent.findIndex(({ at }) => at > now - WINDOW_MS)
    this.#recent.splice(0, first < 0 ? this.#recent.length : first)
    return (this.#recent.reduce((sum, { events }) => sum + events, 0) * 1000) / WINDOW_MS
  }
}

/** A client that counts the traffic of each collection. */
export class MeteredClient implements EntryClient {
  readonly baseUrl: string
  readonly #client: EntryClient
  readonly #trafficOf: (resource: Resource, namespace: string | undefined) => Traffic

  constructor(client: EntryClient, trafficOf: (resource: Resource, namespace: string | undefined) => Traffic) {
    this.baseUrl = client.baseUrl
    this.#client = client
    this.#trafficOf = trafficOf
  }

  listEntries<T extends KubeObject>(resource: Resource<T>, options: ListEntriesOptions & { namespace?: string | undefined }) {
    // The probe of one object asks for the server's version, and is not a list.
    return this.#client.listEntries(resource, this.#metered(resource, options, { isList: options.limit !== 1 }))
  }

  watchEntries<T extends KubeObject>(resource: Resource<T>, options: WatchEntriesOptions & { namespace?: string | undefined }) {
    return this.#client.watchEntries(resource, this.#metered(resource, options, { isList: options.sendInitialEvents === true }))
  }

  #metered<T extends KubeObject, O extends ListEntriesOptions & { namespace?: string | undefined }>(
    resource: Resource<T>,
    options: O,
    { isList }: { isList: boolean },
  ): O {
    const traffic = this.#trafficOf(resource as unknown as Resource, options.namespace)
    traffic.requests++
    if (isList) traffic.lists++
    const onBytes = (count: number) => {
      traffic.bytes += count
      options.onBytes?.(count)
    }
    return { ...options, onBytes }
  }
}
