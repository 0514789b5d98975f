// Answers the requests of a page that come through a port.
import type { PageMessage, Port, WorkerMessage } from './messages.ts'

/**
 * Answers each request with `handler`, and streams the body of its response. An abort of the page aborts the request; a page that leaves
 * aborts all of its requests.
 */
export function servePort(port: Port, handler: (request: Request) => Promise<Response>): void {
  const open = new Map<number, AbortController>()
  const send = (message: WorkerMessage, transfer: Transferable[] = []) => port.postMessage(message, transfer)
  const answer = async ({ id, path, method, headers, body }: PageMessage & { type: 'request' }): Promise<void> => {
    const controller = new AbortController()
    open.set(id, controller)
    try {
      const init = { method, headers: headers.map(([name, value]) => [name, value] as [string, string]), signal: controller.signal }
      const response = await handler(new Request(new URL(path, 'http://cluster.invalid'), body === undefined ? init : { ...init, body }))
      send({ type: 'response', id, status: response.status, headers: [...response.headers] })
      for await (const bytes of response.body ?? []) send({ type: 'chunk', id, bytes }, [bytes.buffer])
      send({ type: 'end', id })
    } catch (error) {
      send({ type: 'error', id, message: String(error) })
    } finally {
      open.delete(id)
    }
  }
  port.addEventListener('message', ({ data }: MessageEvent<PageMessage>) => {
    if (data.type === 'request') void answer(data)
    else if (data.type === 'abort') open.get(data.id)?.abort()
    else for (const controller of open.values()) controller.abort()
  })
}
