import type { KubeObject } from '../../src/api/object'
import { KubeClient } from '../../src/http/client'
import { createInformer, type InformerOptions } from '../../src/informer/create-informer'
import type { EventHandler } from '../../src/informer/handlers/handler'
import type { SharedInformer } from '../../src/informer/shared-informer'
import { ConfigMap } from '../../src/resources/core/v1'
import { isProbe } from '../conformance/brief'
import { World } from '../conformance/world'

/** A world with an informer of its configmaps that notes what went wrong. When it is disposed of, nothing may be left. */
export class Scene<Names extends string = never> implements AsyncDisposable {
  readonly world: World
  readonly client: KubeClient
  readonly informer: SharedInformer<ConfigMap, Names>
  /** What handlers, the transform, index functions and the persister threw. */
  readonly errors: string[] = []
  /** What the server was asked. */
  readonly requests: URL[] = []

  constructor(names: readonly string[] | World, options: InformerOptions<ConfigMap, Names> = {}) {
    this.world = names instanceof World ? names : new World(names)
    this.client = clientOf(this.world, this.requests)
    this.informer = createInformer(this.client, ConfigMap, {
      ...quiet(this.world),
      namespace: 'shop',
      onError: (error) => this.errors.push(String(error)),
      ...options,
    })
  }

  /** Lets everything happen that takes no time. */
  async settle(): Promise<this> {
    await this.world.settle()
    return this
  }

  /** Tells the informer nothing of what `changes` does until a relist. */
  async missing(changes: () => void): Promise<void> {
    this.world.server.disconnect()
    changes()
    this.world.expire()
    await this.world.advance(10_000)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.informer.close()
    await this.world.settle()
    this.world.expectNothingLeft()
  }
}

/** What makes an informer live in a world: its time, and nothing random. */
export const quiet = (world: World): Pick<InformerOptions<KubeObject>, 'clock' | 'random' | 'onWake'> => ({
  clock: world.clock,
  random: () => 0.5,
  onWake: () => () => undefined,
})

export function clientOf(world: World, requests: URL[] = []): KubeClient {
  return new KubeClient({
    baseUrl: world.baseUrl,
    fetch: (request) => {
      const url = new URL(request.url)
      if (!isProbe(url)) requests.push(url)
      return world.fetch(request)
    },
  })
}

/** A handler that notes what it is told: `+a@101!` for the initial list, `+b@102`, `~b@103<102`, `=b@103`, `-b@104`. */
export function noting(notes: string[], before: () => unknown = () => undefined): Required<EventHandler<ConfigMap>> {
  const note = async (text: string) => {
    notes.push(text)
    await before()
  }
  return {
    onAdd: (object, { isInInitialList }) => note(`+${brief(object)}${isInInitialList ? '!' : ''}`),
    onUpdate: (previous, object) =>
      note(previous === object ? `=${brief(object)}` : `~${brief(object)}<${previous.metadata.resourceVersion}`),
    onDelete: (object) => note(`-${brief(object)}`),
  }
}

export const brief = ({ metadata }: KubeObject): string => `${metadata.name}@${metadata.resourceVersion}`

/** Opens and closes by hand: a handler that takes its time. */
export class Gate {
  #opened: Promise<void> | undefined
  #open = () => {}

  close(): void {
    this.#opened = new Promise((resolve) => {
      this.#open = resolve
    })
  }
  open(): void {
    this.#open()
    this.#opened = undefined
  }
  readonly pass = (): Promise<void> | undefined => this.#opened
}
