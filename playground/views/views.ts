// Switches between the table and the views on a canvas.
import type { Resource } from 'kubeflect'
import { Deployment, ReplicaSet } from 'kubeflect/resources/apps/v1'
import { Event, Node, Pod } from 'kubeflect/resources/core/v1'
import type { Subject } from '../drawer/panel.ts'
import type { Feeds } from '../feeds.ts'
import { byId, rovingTabs, write } from '../page.ts'
import type { Rewindable } from '../time/rewindable.ts'
import { CanvasView } from './canvas-view.ts'
import { layOutEvents } from './event-lanes.ts'
import { type Heat, layOutNodes } from './heat-map.ts'
import { VIEWS, type ViewName } from './names.ts'
import { layOutOwners } from './owner-map.ts'
import type { Picture } from './picture.ts'
import { Sources } from './sources.ts'

/** A resource of any type. */
type Readable = Omit<Resource, 'type'>

/** What a canvas view reads, and how it is laid out. */
interface Layout {
  readonly resources: readonly Readable[]
  draw(sources: Sources, size: { width: number; now: number; heat: Heat }): Picture
}

/** The views on a canvas. */
const LAYOUTS: Readonly<Partial<Record<ViewName, Layout>>> = {
  map: {
    resources: [Pod, ReplicaSet, Deployment],
    draw: (sources, { width }) =>
      layOutOwners({ pods: sources.list(Pod), replicaSets: sources.list(ReplicaSet), deployments: sources.list(Deployment) }, { width }),
  },
  nodes: {
    resources: [Pod, Node],
    draw: (sources, size) => layOutNodes({ nodes: sources.list(Node), pods: sources.list(Pod) }, size),
  },
  events: { resources: [Event], draw: (sources, size) => layOutEvents(sources.list(Event), size) },
}

/** Options of {@link Views}. */
export interface ViewsOptions {
  /** Called with the view that the user chooses. */
  readonly onPick: (view: ViewName) => void
  /** Called with the object that the user opens. */
  readonly onOpen: (subject: Subject) => void
  /** Returns the time that the views show, in milliseconds since the epoch. */
  readonly now: () => number
}

/** The time between two descriptions of a picture for screen readers, in milliseconds. */
const DESCRIBE_MS = 1000

/** The tabs of the views, and the canvas that all but the table share. */
export class Views {
  readonly #main: HTMLElement
  readonly #feeds: Feeds
  readonly #now: () => number
  readonly #canvas: CanvasView
  readonly #tabs = VIEWS.map((name) => byId(`view-${name}`, HTMLButtonElement))
  readonly #heat = byId('heat', HTMLSelectElement)
  readonly #count = byId('picture-count', HTMLElement)
  #sources: Sources | undefined
  #name: ViewName = 'table'
  #namespace: string | undefined
  #isScheduled = false

  constructor(main: HTMLElement, feeds: Feeds, { onPick, onOpen, now }: ViewsOptions) {
    this.#main = main
    this.#feeds = feeds
    this.#now = now
    this.#canvas = new CanvasView(byId('stage', HTMLElement), {
      caption: byId('pointed', HTMLElement),
      twin: byId('twin', HTMLTableElement),
      onOpen: ({ resource, key }) => {
        const source = this.#sources?.store(resource)
        const entry = source?.get(key)
        if (source && entry) onOpen({ resource, entry, source })
      },
      onResize: () => this.#schedule(),
    })
    rovingTabs(this.#tabs, (at) => onPick(VIEWS[at] ?? 'table'))
    this.#heat.addEventListener('change', () => this.#schedule())
    setInterval(() => this.#schedule(), 1000)
    setInterval(() => this.#describe(), DESCRIBE_MS)
  }

  /** Shows a view of a namespace, or of all. */
  show(name: ViewName, { namespace }: { namespace: string | undefined }): void {
    this.#main.dataset.scene = name
    this.#tabs.forEach((tab, at) => {
      tab.ariaSelected = String(VIEWS[at] === name)
      tab.tabIndex = VIEWS[at] === name ? 0 : -1
    })
    byId('panel', HTMLElement).setAttribute('aria-labelledby', `view-${name}`)
    if (name === this.#name && namespace === this.#namespace && (LAYOUTS[name] === undefined) === (this.#sources === undefined)) return
    this.#name = name
    this.#namespace = namespace
    const before = this.#sources
    const { resources } = LAYOUTS[name] ?? {}
    this.#sources =
      resources && new Sources(this.#feeds, resources as unknown as Resource[], { namespace, onChange: () => this.#schedule() })
    before?.[Symbol.dispose]()
    byId('stage', HTMLElement).scrollTop = 0
    this.#draw()
    this.#describe()
  }

  /** The objects that the view reads; none for the table, which reads its own. */
  get sources(): readonly Rewindable[] {
    return this.#sources?.all ?? []
  }

  /** Scrolls the picture to the first mark whose label begins with a text, and lights it up. */
  point(label: string): void {
    this.#canvas.point(label)
  }

  /** Lets go of the informers until the next call of `show`. */
  rest(): void {
    this.#sources?.[Symbol.dispose]()
    this.#sources = undefined
  }

  /** Redraws before the next frame. */
  #schedule(): void {
    if (this.#isScheduled || !this.#sources) return
    this.#isScheduled = true
    requestAnimationFrame(() => {
      this.#isScheduled = false
      this.#draw()
    })
  }

  #draw(): void {
    const layout = LAYOUTS[this.#name]
    if (!this.#sources || !layout) {
      this.#canvas.show(undefined)
      return
    }
    const size = { width: this.#canvas.width, now: this.#now(), heat: this.#heat.value as Heat }
    const picture = layout.draw(this.#sources, size)
    this.#canvas.show(picture)
    this.#main.dataset.marks = String(picture.marks.length)
    write(this.#count, this.#sources.isReady ? picture.summary : 'Loading …')
  }

  #describe(): void {
    if (this.#sources) this.#canvas.describe()
  }
}
