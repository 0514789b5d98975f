// A port between a tab and an owner in another tab, over a BroadcastChannel that only the two have joined.

import { KubeError } from '../api/errors'
import type { ConnectionPort } from '../worker/protocol'
import type { TabsPort } from './messages'

/** The used part of a `BroadcastChannel`. A message reaches the other members, not its sender. */
export interface ChannelLike {
  postMessage(message: unknown): void
  onmessage: ((event: { readonly data: unknown }) => void) | null
  close(): void
}

/** Joins the channel with a name. */
export function joinChannel(name: string): ChannelLike {
  if (!('BroadcastChannel' in globalThis)) throw new KubeError('this browser has no BroadcastChannel')
  return new BroadcastChannel(name) as unknown as ChannelLike
}

/** A message with its lane: 0 for the port itself, another number for a channel of calls. */
interface LaneMessage {
  readonly lane: number
  readonly data: unknown
  /** The lane that goes with the message, as a transferred port does. */
  readonly opens?: number | undefined
}

/**
 * One end of the port. A BroadcastChannel transfers no ports, so a port that goes with a message is another lane of the same channel.
 */
export class ChannelPort implements TabsPort {
  onmessage: TabsPort['onmessage'] = null
  readonly #channel: ChannelLike
  readonly #onClose: () => void
  readonly #lanes = new Map<number, Lane>()
  #count = 0

  /**
   * @param onClose called when this end is closed.
   * @param onFirst called before the first message.
   */
  constructor(channel: ChannelLike, onClose: () => void, onFirst?: () => void) {
    this.#channel = channel
    this.#onClose = onClose
    channel.onmessage = ({ data }) => {
      onFirst?.()
      channel.onmessage = (event) => this.#receive(event.data as LaneMessage)
      this.#receive(data as LaneMessage)
    }
  }

  /** Opens a lane. Its other end exists once the lane was sent with a message. */
  lane(): Lane {
    return this.#laneOf(++this.#count)
  }

  postMessage(data: unknown, [lane]: readonly unknown[] = []): void {
    this.#channel.postMessage({ lane: 0, data, opens: (lane as Lane | undefined)?.number } satisfies LaneMessage)
  }

  close(): void {
    for (const lane of this.#lanes.values()) lane.close()
    this.#channel.close()
    this.#onClose()
  }

  #receive({ lane, data, opens }: LaneMessage): void {
    if (lane > 0) this.#laneOf(lane).receive(data)
    else this.onmessage?.({ data, ports: opens === undefined ? [] : [this.#laneOf(opens)] })
  }

  #laneOf(number: number): Lane {
    const known = this.#lanes.get(number)
    if (known) return known
    const post = (data: unknown) => this.#channel.postMessage({ lane: number, data } satisfies LaneMessage)
    const lane = new Lane(number, post, () => this.#lanes.delete(number))
    this.#lanes.set(number, lane)
    return lane
  }
}

/** One end of a lane. Messages wait until they have a listener, as those of a `MessagePort` do. */
class Lane implements ConnectionPort {
  onmessageerror: ConnectionPort['onmessageerror'] = null
  readonly number: number
  readonly #post: (data: unknown) => void
  readonly #onClose: () => void
  readonly #early: unknown[] = []
  #onmessage: ConnectionPort['onmessage'] = null
  #isOpen = true

  constructor(number: number, post: (data: unknown) => void, onClose: () => void) {
    this.number = number
    this.#post = post
    this.#onClose = onClose
  }

  get onmessage(): ConnectionPort['onmessage'] {
    return this.#onmessage
  }
  set onmessage(listener: ConnectionPort['onmessage']) {
    this.#onmessage = listener
    for (const data of this.#early.splice(0)) this.receive(data)
  }

  postMessage(data: unknown): void {
    if (this.#isOpen) this.#post(data)
  }

  receive(data: unknown): void {
    if (!this.#isOpen) return
    if (this.#onmessage) (this.#onmessage as (event: { data: unknown }) => void)({ data })
    else this.#early.push(data)
  }

  close(): void {
    this.#isOpen = false
    this.#onClose()
  }
}
