// The view of two tabs: both in frames over one feed, and buttons that take its parts away.
import { formatCount } from '../format.ts'
import { byId, create, write } from '../page.ts'
import { endOwner } from './end-owner.ts'
import { Pane } from './pane.ts'

/** What is seen of a fault: how each tab was before it, and since when a tab is as it should be. */
interface Trial {
  readonly title: string
  readonly startedAt: number
  readonly before: ReadonlyMap<Pane, { readonly owner: string; readonly lists: number }>
  /** Whether a tab has gone on. */
  readonly hasGoneOn: (pane: Pane) => boolean
  /** Milliseconds until a tab had gone on. */
  readonly after: Map<Pane, number>
}

/** Two tabs side by side. They exist while the view is shown. */
export class TwoTabs {
  readonly #host = byId('two-tabs', HTMLElement)
  readonly #summary = create('p', { className: 'tabs-summary' })
  readonly #result = create('p', { className: 'tabs-result', role: 'status' })
  readonly #end = create('button', { type: 'button', className: 'tool', textContent: 'End the shared Worker' })
  readonly #panes: readonly Pane[]
  #search = ''
  #trial: Trial | undefined

  constructor() {
    this.#panes = ['Tab A', 'Tab B'].map(
      (name) =>
        new Pane(name, {
          url: () => `${location.pathname}${this.#search}`,
          onChange: () => this.#draw(),
          onAct: (action, pane) => this.#act(action, pane),
        }),
    )
    this.#end.title = 'End the Worker that reads for both tabs. They start another one, which goes on at their version: one watch, no list'
    this.#end.addEventListener('click', () => this.#endOwner())
    this.#host.append(
      create('div', { className: 'tabs-bar' }, [this.#summary, this.#end]),
      this.#result,
      create(
        'div',
        { className: 'panes' },
        this.#panes.map(({ element }) => element),
      ),
    )
  }

  /** Opens both tabs with objects of a namespace, or of all. */
  show({ namespace }: { namespace: string | undefined }): void {
    const search = `?${new URLSearchParams({ frame: '', ...(namespace && { namespace }) })}`
    if (search !== this.#search) this.hide()
    this.#search = search
    for (const pane of this.#panes) pane.open()
    this.#draw()
  }

  /** Closes both tabs. */
  hide(): void {
    this.#trial = undefined
    write(this.#result, '')
    for (const pane of this.#panes) if (pane.isOpen) pane.close()
  }

  #endOwner(): void {
    const hasNewOwner = (pane: Pane) => Boolean(pane.facts?.owner) && pane.facts?.owner !== this.#trial?.before.get(pane)?.owner
    this.#try('The shared Worker has ended.', hasNewOwner)
    endOwner()
  }

  #act(action: 'reload' | 'close' | 'open', pane: Pane): void {
    if (action === 'open') {
      pane.open()
      this.#try(`${pane.name} is open again.`, () => true)
    } else if (action === 'reload') {
      this.#try(`${pane.name} was reloaded.`, () => true)
      pane.reload()
    } else {
      pane.close()
      this.#try(`${pane.name} is closed.`, () => true)
    }
    this.#draw()
  }

  #try(title: string, hasGoneOn: Trial['hasGoneOn']): void {
    const before = new Map(
      this.#panes.flatMap((pane) => (pane.facts ? [[pane, { owner: pane.facts.owner, lists: pane.facts.lists }] as const] : [])),
    )
    this.#trial = { title, startedAt: performance.now(), before, hasGoneOn, after: new Map() }
    this.#tell()
  }

  #draw(): void {
    const facts = this.#panes.flatMap((pane) => pane.facts ?? [])
    const [first] = facts
    this.#end.disabled = !facts.some(({ role }) => role === 'shared')
    write(this.#summary, summaryOf(facts.length, first))
    const trial = this.#trial
    if (!trial) return
    for (const pane of this.#panes) {
      const { state, rows } = pane.facts ?? {}
      if (trial.after.has(pane) || state !== 'live' || !rows || !trial.hasGoneOn(pane)) continue
      trial.after.set(pane, Math.round(performance.now() - trial.startedAt))
    }
    this.#tell()
  }

  /** Says what became of each tab since the last fault. */
  #tell(): void {
    const trial = this.#trial
    if (!trial) return
    const open = this.#panes.filter(({ isOpen }) => isOpen)
    const tabs = open.map((pane) => {
      const ms = trial.after.get(pane)
      if (ms === undefined) return `${pane.name} …`
      const before = trial.before.get(pane)?.lists ?? 0
      const lists = (pane.facts?.lists ?? 0) - before
      return `${pane.name} went on after ${formatCount(ms)} ms with ${lists < 1 ? 'no list' : lists === 1 ? 'one list' : `${lists} lists`}`
    })
    write(this.#result, [trial.title, tabs.length > 0 ? `${tabs.join(', ')}.` : ''].join(' '))
  }
}

function summaryOf(count: number, facts: Pane['facts']): string {
  if (!facts) return 'Loading …'
  const tabs = count === 1 ? 'One tab' : 'Two tabs'
  if (facts.role === 'alone') return `${tabs}, and each has its own list and its own watch at the API server: switch on Share.`
  // The owner keeps the feeds of the view before for a while, in case it is shown again.
  return facts.watches > 1
    ? `${tabs}, ${facts.watches} watches at the API server: those of the view before end soon.`
    : `${tabs}, one watch at the API server.`
}
