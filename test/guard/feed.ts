// A server of pods that never parses JSON.

import { KubeClient } from '../../src/http/client'
import { podFixture } from '../../src/testing/fixtures'
import { deferred } from '../http/server'

/** A server of pods that never parses, so that all counted calls come from the library. */
export class Feed {
  /** The requests so far. */
  readonly requests: URL[] = []
  readonly client: KubeClient
  readonly #pods: string[]
  readonly #watching = deferred()
  #version = 1000
  readonly #encoder = new TextEncoder()
  #push: (text: string) => void = () => undefined

  /** @param count the number of pods. */
  constructor(count: number) {
    this.#pods = Array.from({ length: count }, (_, index) => this.#pod(index))
    this.client = new KubeClient({ baseUrl: 'http://kube.test', fetch: async (request) => this.#answer(new URL(request.url)) })
  }

  /** The current version of the collection. */
  get resourceVersion(): string {
    return String(this.#version)
  }

  /** Changes a number of pods, one after the other. Returns the total length of their new texts, in characters. */
  async change(count: number): Promise<number> {
    await this.#watching.promise
    const texts = Array.from({ length: count }, (_, n) => this.#pod(n % this.#pods.length))
    this.#push(texts.map((text) => event('MODIFIED', text)).join(''))
    return texts.reduce((sum, text) => sum + text.length, 0)
  }

  #pod(index: number): string {
    const { kind, apiVersion, metadata, ...rest } = podFixture(index)
    const { name, generateName, namespace, managedFields: _, ...others } = metadata
    const uid = `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`
    const named = { name, generateName, namespace, uid, resourceVersion: String(++this.#version), ...others }
    return JSON.stringify({ kind, apiVersion, metadata: named, ...rest })
  }

  #answer(url: URL): Response {
    this.requests.push(url)
    const listMeta = `"metadata":{"resourceVersion":"${this.#version}"}`
    if (url.searchParams.get('watch') !== 'true')
      return new Response(`{"kind":"PodList","apiVersion":"v1",${listMeta},"items":[${this.#pods.join(',')}]}`)
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#push = (text) => controller.enqueue(this.#encoder.encode(text))
      },
    })
    if (url.searchParams.get('sendInitialEvents') === 'true') {
      const end = `{"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"${this.#version}","annotations":{"k8s.io/initial-events-end":"true"}}}`
      this.#push(this.#pods.map((pod) => event('ADDED', pod)).join('') + event('BOOKMARK', end))
    }
    this.#watching.resolve()
    return new Response(body)
  }
}

const event = (type: string, object: string) => `{"type":"${type}","object":${object}}\n`
