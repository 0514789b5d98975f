// The guided first minute: a card that leads a visitor through what the page can show.
import { byId, write } from '../page.ts'
import { messageOf } from '../strip.ts'
import { type GuidePage, STEPS } from './steps.ts'

/** The used part of `localStorage` and `sessionStorage`. */
type Memory = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

/** What is remembered while the page loads again. */
const STEP_KEY = 'kubeflect-playground guide step'
/** Set once the guide has been dismissed. */
export const DISMISSED_KEY = 'kubeflect-playground guide dismissed'

/** What a guide needs. */
export interface GuideOptions {
  readonly page: GuidePage
  /** Remembers that the guide was dismissed. */
  readonly storage: Memory
  /** Remembers the step of a page that loads again. */
  readonly session: Memory
}

/** Shows one step at a time. It takes no focus, and can be dismissed at any time. */
export class Guide {
  readonly #card = byId('guide', HTMLElement)
  readonly #place = byId('guide-place', HTMLElement)
  readonly #title = byId('guide-title', HTMLElement)
  readonly #text = byId('guide-text', HTMLElement)
  readonly #result = byId('guide-result', HTMLElement)
  readonly #act = byId('guide-act', HTMLButtonElement)
  readonly #next = byId('guide-next', HTMLButtonElement)
  readonly #options: GuideOptions
  #at = 0
  /** Aborted when the step is left. */
  #leaving = new AbortController()

  constructor(options: GuideOptions) {
    this.#options = options
    this.#act.addEventListener('click', () => void this.#run())
    this.#next.addEventListener('click', () => (this.#at + 1 < STEPS.length ? this.#go(this.#at + 1) : this.dismiss()))
    byId('guide-dismiss', HTMLButtonElement).addEventListener('click', () => this.dismiss())
  }

  /** Goes on with the step that loaded the page again, or begins for a visitor who has not dismissed the guide. */
  open(): void {
    const { storage, session } = this.#options
    const at = session.getItem(STEP_KEY)
    session.removeItem(STEP_KEY)
    if (at !== null) this.#resume(Number(at))
    else if (storage.getItem(DISMISSED_KEY) === null) this.start()
  }

  /** Begins with the first step. */
  start(): void {
    this.#go(0)
  }

  /** Closes the card. It does not open by itself again. */
  dismiss(): void {
    this.#leaving.abort()
    this.#options.storage.setItem(DISMISSED_KEY, '')
    this.#card.hidden = true
  }

  #go(at: number): void {
    this.#leaving.abort()
    this.#leaving = new AbortController()
    this.#at = at
    const { title, text, action } = STEPS[at] ?? {}
    this.#card.hidden = false
    write(this.#place, `${at + 1} of ${STEPS.length}`)
    write(this.#title, title ?? '')
    write(this.#text, text ?? '')
    write(this.#act, action ?? '')
    write(this.#next, at + 1 < STEPS.length ? 'Next' : 'Done')
    write(this.#result, '')
    this.#card.dataset.state = 'waiting'
    this.#act.disabled = false
  }

  #resume(at: number): void {
    this.#go(at)
    const step = STEPS[at]
    if (step?.after) void this.#follow(step.after(this.#options.page, this.#leaving.signal))
  }

  async #run(): Promise<void> {
    const step = STEPS[this.#at]
    if (!step) return
    if (step.after) this.#options.session.setItem(STEP_KEY, String(this.#at))
    await this.#follow(step.run(this.#options.page, this.#leaving.signal))
  }

  /** Shows what became of a step, unless it was left meanwhile. */
  async #follow(outcome: Promise<string | undefined>): Promise<void> {
    const { signal } = this.#leaving
    this.#act.disabled = true
    this.#card.dataset.state = 'running'
    write(this.#result, '…')
    let [state, text] = ['failed', '']
    try {
      const said = await outcome
      // The page is loading again.
      if (said === undefined) return
      ;[state, text] = ['done', said]
    } catch (error) {
      text = `It was not seen to happen: ${messageOf(error)}.`
    }
    if (signal.aborted) return
    this.#act.disabled = false
    this.#card.dataset.state = state
    write(this.#result, text)
  }
}
