// A fake server with a stopped clock, and short request functions.

import type { KubeObject } from '../../src/api/object'
import { defineResource } from '../../src/api/resource'
import { FakeApiServer, type FakeApiServerOptions, type FixturePod, VirtualClock } from '../../src/testing'

export const Pod = defineResource<FixturePod>({ version: 'v1', plural: 'pods', kind: 'Pod' })
export const ConfigMap = defineResource<KubeObject & { data?: Record<string, string> }>({
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
})
export const Widget = defineResource<KubeObject & { spec?: { size: number } }>({
  group: 'example.com',
  version: 'v1',
  plural: 'widgets',
  kind: 'Widget',
})

/** A server with a clock that stands still, and short request functions. */
export function setUp(options: FakeApiServerOptions = {}) {
  const clock = new VirtualClock()
  const server = new FakeApiServer({ clock, resources: [Widget], ...options })
  const send = async (method: string, path: string, body?: unknown, contentType = 'application/json') => {
    const response = await server.fetch(`http://kubernetes.test${path}`, {
      method,
      headers: { 'content-type': contentType },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    return { status: response.status, body: await response.json() }
  }
  return { clock, server, send }
}

export const configMap = (name: string, data?: Record<string, string>) => ({ metadata: { name }, ...(data && { data }) })

/** Reads a body in the background. */
export function readAll(response: Response) {
  const seen = { text: '', chunks: [] as number[], ended: false, error: undefined as unknown, done: Promise.resolve() }
  const run = async () => {
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    const decoder = new TextDecoder()
    try {
      for (;;) {
        const { done, value } = await reader.read()
        if (done) break
        seen.chunks.push(value.byteLength)
        seen.text += decoder.decode(value, { stream: true })
      }
    } catch (error) {
      seen.error = error
    }
    seen.ended = true
  }
  seen.done = run()
  return seen
}
