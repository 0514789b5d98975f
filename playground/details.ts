// The drawer: shows one object beside the views, in tabs.
import type { Entry, InformerLease, KubeClient, KubeObject, Resource } from 'kubeflect'
import type { DiscoveredResource } from 'kubeflect/discovery'
import { openApply } from './drawer/apply-panel.ts'
import { openChanges } from './drawer/changes-panel.ts'
import { openEvents } from './drawer/events-panel.ts'
import { openLogs } from './drawer/logs-panel.ts'
import { openOwners } from './drawer/owners-panel.ts'
import type { OpenPanel, PanelContext, Subject } from './drawer/panel.ts'
import { openYaml } from './drawer/yaml-panel.ts'
import type { Feeds } from './feeds.ts'
import { byId, create, rovingTabs, write } from './page.ts'
import { TerminalButton } from './terminal-button.ts'

const PANELS: readonly { readonly title: string; readonly open: OpenPanel; readonly kind?: string }[] = [
  { title: 'YAML', open: openYaml },
  { title: 'Changes', open: openChanges },
  { title: 'Events', open: openEvents },
  { title: 'Logs', open: openLogs, kind: 'Pod' },
  { title: 'Owners', open: openOwners },
  { title: 'Apply', open: openApply },
]

/** Options of {@link Details}. */
export interface DetailsOptions extends Pick<PanelContext, 'now' | 'isPast'> {
  readonly client: KubeClient
  readonly feeds: Feeds
  /** Returns the resources of the server. */
  readonly resources: () => readonly DiscoveredResource[]
  /** Receives the key of the object, to return the focus to its row. */
  readonly onClose: (key: string) => void
}

/** Shows one object beside the views, and follows its changes until it is closed. */
export class Details {
  readonly #options: DetailsOptions
  readonly #panel = byId('details', HTMLElement)
  readonly #title = byId('details-title', HTMLElement)
  readonly #state = byId('details-state', HTMLElement)
  readonly #content = byId('details-content', HTMLElement)
  readonly #terminal = new TerminalButton()
  readonly #close = byId('details-close', HTMLButtonElement)
  readonly #tabs = PANELS.map(({ title }) =>
    create('button', { type: 'button', role: 'tab', className: 'drawer-tab', id: `details-${title.toLowerCase()}`, textContent: title }),
  )
  #subject: Subject | undefined
  #tab = 0
  #show: (next: Subject) => void = () => undefined
  /** Aborted when the object or the tab changes. */
  #tabLife = new AbortController()
  #stop = () => {}
  /** The informer of an owner that was opened; the views hold the others. */
  #lease: InformerLease<KubeObject> | undefined

  constructor(options: DetailsOptions) {
    this.#options = options
    const close = () => {
      const key = this.#subject?.entry.key
      this.close()
      if (key !== undefined) options.onClose(key)
    }
    byId('details-tabs', HTMLElement).append(...this.#tabs)
    for (const tab of this.#tabs) tab.setAttribute('aria-controls', this.#content.id)
    this.#content.tabIndex = 0
    rovingTabs(this.#tabs, (at) => this.#pick(at))
    this.#close.addEventListener('click', close)
    document.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || this.#subject === undefined || event.defaultPrevented) return
      event.preventDefault()
      close()
    })
  }

  /** Opens the drawer with an object and moves the focus there. */
  open(subject: Subject): void {
    this.#release()
    this.#panel.hidden = false
    this.#begin(subject)
    this.#close.focus()
  }

  /** Shows the object again after the views have moved to another moment. */
  refresh(): void {
    if (this.#subject) this.#update(this.#subject.source.get(this.#subject.entry.key))
  }

  /** Closes the drawer. */
  close(): void {
    this.#release()
    this.#tabLife.abort()
    this.#subject = undefined
    this.#panel.hidden = true
    this.#content.replaceChildren()
  }

  #begin(subject: Subject): void {
    const { key } = subject.entry
    this.#subject = subject
    const fits = PANELS.map(({ kind }) => kind === undefined || kind === subject.resource.kind)
    this.#tabs.forEach((tab, at) => {
      tab.hidden = !fits[at]
    })
    this.#describe(subject.entry)
    this.#pick(fits[this.#tab] ? this.#tab : 0)
    let isScheduled = false
    this.#stop = subject.source.subscribe(({ changes }) => {
      if (isScheduled || !changes.some(({ entry }) => entry.key === key)) return
      isScheduled = true
      requestAnimationFrame(() => {
        isScheduled = false
        if (this.#subject?.entry.key === key) this.#update(subject.source.get(key))
      })
    })
  }

  /** Opens an object that the views do not show, with an informer of its own. */
  async #openOther(resource: Resource, entry: Entry<KubeObject>): Promise<void> {
    const { feeds } = this.#options
    const lease = feeds.lease({ resource, namespace: entry.namespace || undefined, labelSelector: undefined })
    this.#release()
    this.#lease = lease
    this.#begin({ resource, entry, source: feeds.rewindable(lease.informer) })
    this.#tabs[this.#tab]?.focus()
  }

  #pick(at: number): void {
    const subject = this.#subject
    if (!subject) return
    this.#tab = at
    this.#tabs.forEach((tab, each) => {
      tab.ariaSelected = String(each === at)
      tab.tabIndex = each === at ? 0 : -1
    })
    this.#tabLife.abort()
    this.#tabLife = new AbortController()
    this.#content.replaceChildren()
    this.#content.scrollTo(0, 0)
    this.#content.setAttribute('aria-labelledby', this.#tabs[at]?.id ?? '')
    const { client, resources, now, isPast } = this.#options
    const context = {
      client,
      resources,
      now,
      isPast,
      openObject: (...other: Parameters<PanelContext['openObject']>) => this.#openOther(...other),
    }
    this.#show = PANELS[at]?.open(this.#content, subject, { ...context, signal: this.#tabLife.signal }) ?? (() => undefined)
  }

  /** Draws the newest version of the object; undefined when it does not exist, in which case its last version stays. */
  #update(entry: Entry<KubeObject> | undefined): void {
    this.#describe(entry)
    if (!entry || !this.#subject) return
    this.#subject = { ...this.#subject, entry }
    this.#show(this.#subject)
  }

  #describe(entry: Entry<KubeObject> | undefined): void {
    const { isPast } = this.#options
    this.#panel.toggleAttribute('data-gone', entry === undefined)
    this.#terminal.offer(isPast() ? undefined : entry?.object)
    const kind = this.#subject?.resource.kind ?? ''
    write(this.#state, entry ? `${kind}, version ${entry.resourceVersion}` : isPast() ? 'did not exist at this moment' : 'deleted')
    if (entry) write(this.#title, entry.key)
  }

  #release(): void {
    this.#stop()
    this.#stop = () => {}
    this.#lease?.release()
    this.#lease = undefined
  }
}
