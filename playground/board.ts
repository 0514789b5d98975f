// Shows the objects of a feed as rows, and the state of the feed.
import type { Entry, KubeObject } from 'kubeflect'
import { columnsOf } from './columns.ts'
import type { Details } from './details.ts'
import type { Feed } from './feeds.ts'
import { formatCount } from './format.ts'
import { byId, write } from './page.ts'
import { isSearched, RowList } from './row-list.ts'
import { Strip } from './strip.ts'
import { ResourceTable } from './table.ts'
import type { Rewindable } from './time/rewindable.ts'

/** Shows one feed at a time: its objects as rows, and its state. */
export class Board {
  readonly #main: HTMLElement
  readonly #table: ResourceTable
  readonly #strip: Strip
  readonly #details: Details
  readonly #filter = byId('filter', HTMLInputElement)
  readonly #count = byId('count', HTMLElement)
  readonly #empty = byId('empty', HTMLElement)
  #feed: Feed | undefined
  #rows: RowList | undefined
  #changed = new Map<string, Entry<KubeObject> | undefined>()
  /** Whether the rows come from batches of an initial list that is still loading. */
  #isEarly = false
  /** Whether the next drawing omits flashes. */
  #isQuiet = false
  #isScheduled = false
  #stops: (() => void)[] = []

  /** @param now returns the time that the table shows, in milliseconds since the epoch. */
  constructor(main: HTMLElement, table: HTMLTableElement, { details, now }: { details: Details; now: () => number }) {
    this.#main = main
    this.#details = details
    this.#table = new ResourceTable(table, { onOpen: (key) => this.open(key), now })
    this.#strip = new Strip(main)
    this.#filter.addEventListener('input', () => {
      this.#rows?.filter(this.#filter.value)
      this.#table.update()
      this.#drawCount()
    })
    setInterval(() => {
      this.tick()
      this.schedule()
    }, 1000)
  }

  /** Shows another feed and draws its current objects at once. */
  show(feed: Feed): void {
    this.clear()
    this.#feed = feed
    const { informer, source, selection } = feed
    const rows = new RowList(columnsOf(selection.resource))
    this.#rows = rows
    rows.apply(new Map(source.list().map((entry) => [entry.key, entry])))
    this.#filter.placeholder = `Filter by ${wordsOf(rows.columns.filter(isSearched).map(({ title }) => title.toLowerCase()))}`
    this.#filter.disabled = false
    this.#table.show(rows)
    this.#stops = [
      feed.onArrival((entries, before) => {
        if (before === 0) this.#dropEarly(rows)
        this.#isEarly = this.#isQuiet = true
        for (const entry of entries) this.#changed.set(entry.key, entry)
        this.schedule()
      }),
      source.subscribe(({ type, changes }) => {
        this.#dropEarly(rows)
        if (type !== 'resync')
          for (const change of changes) this.#changed.set(change.entry.key, change.type === 'deleted' ? undefined : change.entry)
        this.schedule()
      }),
      informer.subscribe(() => this.schedule()),
      informer.persistence?.subscribe(() => this.schedule()) ?? (() => undefined),
    ]
    this.#draw()
  }

  /** Clears the board and shows the reason. */
  clear(reason = ''): void {
    for (const stop of this.#stops) stop()
    this.#stops = []
    this.#details.close()
    this.#changed.clear()
    this.#isEarly = this.#isQuiet = false
    this.#feed = undefined
    this.#rows = undefined
    this.#filter.value = ''
    this.#filter.disabled = true
    this.#table.show(undefined)
    this.#strip.clear(reason)
    this.#main.dataset.view = reason ? 'nothing' : 'loading'
    write(this.#count, '')
    write(this.#empty, '')
  }

  /** Draws before the next frame, so that all changes between two frames are drawn once. */
  schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    requestAnimationFrame(() => {
      this.#isScheduled = false
      this.#draw()
    })
  }

  /** The shown feed; undefined while there is none. */
  get feed(): Feed | undefined {
    return this.#feed
  }

  /** The objects that the table reads; none while it has no feed. */
  get sources(): readonly Rewindable[] {
    return this.#feed ? [this.#feed.source] : []
  }

  /** Updates the ages. */
  tick(): void {
    this.#table.tick()
  }

  /** Focuses the row of an object, if it is drawn. */
  focus(key: string): void {
    this.#table.focus(key)
  }

  /** The keys of the objects, including those that the filter hides. */
  get keys(): Iterable<string> {
    return this.#rows?.keys ?? []
  }

  /** Opens the details of an object. No-op for one that is gone. */
  open(key: string): void {
    const entry = this.#rows?.get(key)
    if (!entry || !this.#feed) return
    const { selection, source } = this.#feed
    this.#details.open({ resource: selection.resource, entry, source })
  }

  /** Removes rows of an early batch that the complete state does not contain. */
  #dropEarly(rows: RowList): void {
    if (!this.#isEarly) return
    this.#isEarly = false
    this.#isQuiet = true
    this.#changed = new Map(Array.from(rows.keys, (key) => [key, undefined]))
  }

  #draw(): void {
    const feed = this.#feed
    const rows = this.#rows
    if (!feed || !rows) return
    const flashes = rows.size === 0 || this.#isQuiet ? [] : this.#changed.keys()
    this.#isQuiet = false
    if (this.#changed.size > 0) {
      rows.apply(this.#changed)
      this.#table.update(flashes)
      this.#changed = new Map()
    }
    this.#drawCount()
    this.#strip.update(feed, Date.now())
  }

  #drawCount(): void {
    if (!this.#feed || !this.#rows) return
    const { shown, size } = this.#rows
    const { selection, informer } = this.#feed
    const { plural, kind } = selection.resource
    const all = `${formatCount(size)} ${plural}`
    write(this.#count, shown.length === size ? all : `${formatCount(shown.length)} of ${all}`)
    const { hasSynced, state } = informer.status
    const isRefused = state === 'denied' || state === 'gone'
    this.#main.dataset.view = shown.length > 0 ? 'rows' : size > 0 || hasSynced || isRefused ? 'nothing' : 'loading'
    const place = selection.namespace && selection.resource.scope === 'Namespaced' ? ` in ${selection.namespace}` : ''
    const none = isRefused ? `The ${plural} cannot be read.` : hasSynced ? `There are no ${plural}${place}.` : `Loading ${plural} …`
    write(this.#empty, shown.length > 0 ? '' : size > 0 ? `No ${kind.toLowerCase()} matches the filter.` : none)
  }
}

function wordsOf(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}
