// The buttons that act on the playground’s server.
import type { FaultName } from './faults/forecasts.ts'
import { formatCount } from './format.ts'
import { byId, write } from './page.ts'

/** The state of the playground's server. */
export interface ClusterInfo {
  /** The current changes per second; undefined for a real cluster. */
  readonly changesPerSecond: number | undefined
  /** Whether the optional kind is defined; undefined for a real cluster. */
  readonly hasExtraKind: boolean | undefined
  /** The node that is down. */
  readonly failedNode?: string | undefined
  /** Whether a rollout or a failed node still requires changes. */
  readonly isBusy?: boolean | undefined
  /** The lists and watches that the cluster was asked for. */
  readonly served?: { readonly lists: number; readonly watches: number } | undefined
  /** What the last action did; undefined for most. */
  readonly incident?: { readonly name: string; readonly pods: number } | undefined
  /** The numbers of watches on the two sides of the relay, if there is one. */
  readonly relay?: { readonly upstream: number; readonly served: number } | undefined
}

/** The rates of the buttons, in changes per second. */
export const RATES = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000]

/** The time between two looks at the relay. */
const RELAY_INTERVAL_MS = 1000

/** Options of {@link Controls}. */
export interface ControlsOptions {
  /** Removes all stored state. */
  readonly forget: () => Promise<void>
  /** Called right before a button acts. */
  readonly onAct: (name: FaultName) => void
  /** Called with the state of the cluster right after a button has acted. */
  readonly onDone: (name: FaultName, info: ClusterInfo) => void
}

/** Connects the buttons to the playground's server. */
export class Controls {
  readonly #churn = byId('churn', HTMLOutputElement)
  readonly #slower = byId('slower', HTMLButtonElement)
  readonly #faster = byId('faster', HTMLButtonElement)
  readonly #expire = byId('expire', HTMLButtonElement)
  readonly #rollout = byId('rollout', HTMLButtonElement)
  readonly #node = byId('node', HTMLButtonElement)
  readonly #kind = byId('kind', HTMLButtonElement)
  readonly #relay = byId('relay', HTMLElement)
  readonly #options: ControlsOptions
  #info: ClusterInfo | undefined
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(options: ControlsOptions) {
    this.#options = options
    onClick(byId('reload', HTMLButtonElement), () => {
      options.onAct('reload')
      location.reload()
    })
    onClick(byId('forget', HTMLButtonElement), async () => {
      options.onAct('forget')
      await options.forget()
      location.reload()
    })
    onClick(byId('cut', HTMLButtonElement), () => this.#act('cut'))
    onClick(this.#expire, () => this.#act('expire'))
    onClick(this.#rollout, () => this.#act('rollout'))
    onClick(this.#node, () => this.#act('node'))
    onClick(this.#kind, () => this.#act('kind', `kind?defined=${this.#kind.ariaPressed !== 'true'}`))
    onClick(this.#slower, () => this.setRate(RATES.findLast((rate) => rate < (this.rate ?? 0))))
    onClick(this.#faster, () => this.setRate(RATES.find((rate) => rate > (this.rate ?? 0))))
  }

  /** Reads the abilities of the server. */
  async start(): Promise<void> {
    await this.#ask('', 'GET')
  }

  /** Sets the changes per second of a fake cluster; a no-op for undefined. */
  async setRate(perSecond: number | undefined): Promise<void> {
    if (perSecond !== undefined) await this.#ask(`churn?perSecond=${perSecond}`, 'POST')
  }

  /** The current changes per second; undefined for a real cluster. */
  get rate(): number | undefined {
    return this.#info?.changesPerSecond
  }

  /** The state of the cluster when it was last asked; undefined before. */
  get info(): ClusterInfo | undefined {
    return this.#info
  }

  /** Asks for the state of the cluster; undefined when it does not answer. */
  look(): Promise<ClusterInfo | undefined> {
    return this.#ask('', 'GET')
  }

  async #act(name: FaultName, what: string = name): Promise<void> {
    this.#options.onAct(name)
    const info = await this.#ask(what, 'POST')
    if (info) this.#options.onDone(name, info)
  }

  async #ask(what: string, method: 'GET' | 'POST'): Promise<ClusterInfo | undefined> {
    let info: ClusterInfo
    try {
      const response = await fetch(`/playground/${what}`, { method })
      info = await response.json()
    } catch {
      this.#churn.value = 'no answer'
      if (!this.#relay.hidden) this.#lookAgain()
      return undefined
    }
    this.#show(info)
    return info
  }

  #show(info: ClusterInfo): void {
    this.#info = info
    const { changesPerSecond, hasExtraKind = false, failedNode, relay } = info
    const simulated = changesPerSecond !== undefined
    this.#showRelay(relay)
    this.#churn.value = simulated ? `${changesPerSecond} changes/s` : 'real cluster'
    this.#kind.ariaPressed = String(hasExtraKind)
    this.#node.ariaPressed = String(failedNode !== undefined)
    for (const button of [this.#expire, this.#kind, this.#rollout, this.#node, this.#slower, this.#faster]) {
      button.disabled = !simulated
      if (!simulated) button.title = 'Not available for a real cluster'
    }
    this.#slower.disabled ||= changesPerSecond === RATES[0]
    this.#faster.disabled ||= changesPerSecond === RATES.at(-1)
  }

  #showRelay(relay: ClusterInfo['relay']): void {
    this.#relay.hidden = !relay
    if (!relay) return
    write(
      this.#relay,
      `relay: ${formatCount(relay.served)} ${relay.served === 1 ? 'watch' : 'watches'} served, ${relay.upstream} held upstream`,
    )
    this.#lookAgain()
  }

  #lookAgain(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#ask('', 'GET'), RELAY_INTERVAL_MS)
  }
}

function onClick(button: HTMLButtonElement, act: () => unknown): void {
  button.addEventListener('click', () => void act())
}
