// The buttons that act on the playground’s server.
import { byId, write } from './page.ts'

/** The state of the playground's server. */
export interface ClusterInfo {
  /** The current changes per second; undefined for a real cluster. */
  readonly changesPerSecond: number | undefined
  /** Whether the optional kind is defined; undefined for a real cluster. */
  readonly hasExtraKind: boolean | undefined
  /** The node that is down. */
  readonly failedNode?: string | undefined
  /** The numbers of watches on the two sides of the relay, if there is one. */
  readonly relay?: { readonly upstream: number; readonly served: number } | undefined
}

/** The rates of the buttons, in changes per second. */
export const RATES = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000]

/** The time between two looks at the relay. */
const RELAY_INTERVAL_MS = 1000

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
  #rate: number | undefined
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor({ forget }: { forget: () => Promise<void> }) {
    onClick(byId('reload', HTMLButtonElement), () => location.reload())
    onClick(byId('forget', HTMLButtonElement), async () => {
      await forget()
      location.reload()
    })
    onClick(byId('cut', HTMLButtonElement), () => this.#ask('cut', 'POST'))
    onClick(this.#expire, () => this.#ask('expire', 'POST'))
    onClick(this.#rollout, () => this.#ask('rollout', 'POST'))
    onClick(this.#node, () => this.#ask('node', 'POST'))
    onClick(this.#kind, () => this.#ask(`kind?defined=${this.#kind.ariaPressed !== 'true'}`, 'POST'))
    onClick(this.#slower, () => this.setRate(RATES.findLast((rate) => rate < (this.#rate ?? 0))))
    onClick(this.#faster, () => this.setRate(RATES.find((rate) => rate > (this.#rate ?? 0))))
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
    return this.#rate
  }

  async #ask(what: string, method: 'GET' | 'POST'): Promise<void> {
    let info: ClusterInfo
    try {
      const response = await fetch(`/playground/${what}`, { method })
      info = await response.json()
    } catch {
      this.#churn.value = 'no answer'
      return
    }
    this.#show(info)
  }

  #show({ changesPerSecond, hasExtraKind = false, failedNode, relay }: ClusterInfo): void {
    const simulated = changesPerSecond !== undefined
    this.#rate = changesPerSecond
    this.#showRelay(relay)
    this.#churn.value = simulated ? `${changesPerSecond} changes/s` : 'real cluster'
    this.#kind.ariaPressed = String(hasExtraKind)
    this.#node.ariaPressed = String(failedNode !== undefined)
    this.#node.title = failedNode ? `Bring ${failedNode} back` : 'Take a node down: its pods are lost, and reappear on other nodes'
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
    write(this.#relay, `relay: ${relay.served} watches served from ${relay.upstream} upstream`)
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#ask('', 'GET'), RELAY_INTERVAL_MS)
  }
}

function onClick(button: HTMLButtonElement, act: () => unknown): void {
  button.addEventListener('click', () => void act())
}
