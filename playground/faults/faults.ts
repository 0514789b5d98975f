// Tells what each button will do before it is pressed, and what came of it afterwards.
import type { ClusterInfo, Controls } from '../controls.ts'
import type { Feed } from '../feeds.ts'
import { formatCount } from '../format.ts'
import { byId, create, write } from '../page.ts'
import { type FaultName, forecasts } from './forecasts.ts'
import { FaultRun } from './run.ts'

const NAMES: readonly FaultName[] = ['reload', 'forget', 'cut', 'expire', 'rollout', 'node', 'kind']
/** The time between two looks at the cluster while a fault is observed, and between two forecasts, in milliseconds. */
const LOOK_MS = 250
const FORECAST_MS = 1000
/** Where a page leaves what it was before a reload. */
const BEFORE = 'kubeflect-playground-before-reload'

/** Options of {@link Faults}. */
export interface FaultsOptions {
  readonly controls: Controls
  /** Returns the shown feed; undefined while there is none. */
  readonly feed: () => Feed | undefined
  /** Called with the label of each fault when it begins. */
  readonly onFault: (label: string) => void
}

/** The line of forecasts below the buttons, and the card with what came of the last fault. */
export class Faults {
  readonly #options: FaultsOptions
  readonly #buttons = NAMES.map((name) => ({ name, button: byId(name, HTMLButtonElement) }))
  readonly #hint = byId('hint', HTMLElement)
  readonly #forecast = create('p', { id: 'forecast', hidden: true })
  readonly #title = create('strong')
  readonly #text = create('span')
  readonly #card = create('aside', { id: 'outcome', hidden: true, ariaLabel: 'What came of it' })
  #run: FaultRun | undefined
  #pointed: FaultName | undefined

  constructor(options: FaultsOptions) {
    this.#options = options
    const close = create('button', { type: 'button', textContent: '×', ariaLabel: 'Close what came of it' })
    const said = create('p', { ariaLive: 'polite' }, [this.#title, ' ', this.#text])
    this.#card.append(said, close)
    this.#hint.after(this.#forecast, this.#card)
    close.addEventListener('click', () => {
      this.#card.hidden = true
    })
    for (const { name, button } of this.#buttons) {
      button.addEventListener('pointerenter', () => this.#point(name))
      button.addEventListener('focus', () => this.#point(name))
      button.addEventListener('pointerleave', () => this.#point(undefined))
      button.addEventListener('blur', () => this.#point(undefined))
    }
    setInterval(() => this.#tell(), FORECAST_MS)
  }

  /** Begins to observe a fault. Called right before its request. */
  begin(name: FaultName): void {
    const feed = this.#options.feed()
    const label = this.#labelOf(name)
    this.#options.onFault(label)
    this.#run?.[Symbol.dispose]()
    this.#run = undefined
    if (name === 'reload' || name === 'forget') this.#leave(label)
    else this.#run = feed && new FaultRun(name, feed)
  }

  /** Takes what the cluster said right after the fault, and observes it until it is over. */
  async follow(name: FaultName, info: ClusterInfo): Promise<void> {
    const run = this.#run
    if (run?.name !== name) return
    const label = this.#labelOf(name)
    const what = info.incident ? `${label}, ${info.incident.name}, ${formatCount(info.incident.pods)} pods` : label
    run.look(info)
    while (this.#run === run) {
      this.#show(run.isOver ? what : `${what} …`, run.text)
      if (run.isOver) break
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
      const now = await this.#options.controls.look()
      if (now) run.look(now)
    }
    run[Symbol.dispose]()
  }

  /** Tells what came of the reload that led here, if a button was the reason. */
  async arrive(): Promise<void> {
    const left = sessionStorage.getItem(BEFORE)
    sessionStorage.removeItem(BEFORE)
    const feed = this.#options.feed()
    if (!left || !feed) return
    const { label, objects } = JSON.parse(left) as { label: string; objects: number }
    const { informer, traffic, selection } = feed
    const waits = (isSo: () => boolean) =>
      new Promise<number>((resolve) => {
        const look = () => {
          if (!isSo()) return
          for (const stop of stops) stop()
          resolve(Math.round(performance.now()))
        }
        const stops = [informer.indexer.subscribe(look), informer.subscribe(look)]
        look()
      })
    const rows = await waits(() => informer.indexer.size > 0)
    const live = await waits(() => informer.status.state === 'live')
    const from = informer.status.source === 'persisted' ? 'from IndexedDB' : 'from a list'
    const { plural } = selection.resource
    const kept = `${formatCount(informer.indexer.size)} ${plural}, ${formatCount(objects)} before`
    this.#show(label, `rows ${from} after ${formatCount(rows)} ms · live after ${formatCount(live)} ms · ${traffic.lists} lists · ${kept}`)
  }

  #leave(label: string): void {
    const objects = this.#options.feed()?.informer.indexer.size ?? 0
    sessionStorage.setItem(BEFORE, JSON.stringify({ label, objects }))
  }

  #show(title: string, text: string): void {
    this.#card.hidden = false
    // A screen reader hears the end only, as the figures change several times a second.
    const said = this.#title.parentElement
    if (said) said.ariaLive = title.endsWith('…') ? 'off' : 'polite'
    write(this.#title, title)
    write(this.#text, text)
  }

  #point(name: FaultName | undefined): void {
    this.#pointed = name
    this.#tell()
  }

  #tell(): void {
    const { controls, feed } = this.#options
    const shown = feed()
    const said = forecasts({
      plural: shown?.selection.resource.plural ?? 'objects',
      objects: shown?.informer.indexer.size ?? 0,
      resourceVersion: shown?.informer.indexer.resourceVersion ?? '',
      isStored: shown?.informer.persistence?.status === 'active' || shown?.informer.persistence?.status === 'fenced',
      cluster: controls.info,
    })
    for (const { name, button } of this.#buttons) {
      if (button.disabled) continue
      button.title = said[name]
      button.dataset.forecast = said[name]
    }
    const { button, name } = this.#buttons.find((each) => each.name === this.#pointed) ?? {}
    this.#forecast.hidden = name === undefined
    this.#hint.hidden = name !== undefined
    if (button && name) write(this.#forecast, `${button.textContent}: ${button.disabled ? button.title : said[name]}`)
  }

  #labelOf(name: FaultName): string {
    return this.#buttons.find((each) => each.name === name)?.button.textContent ?? name
  }
}
