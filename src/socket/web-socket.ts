// A runtime's WebSocket object as a Socket.

import { listen } from '../internal/listen'
import type { Socket } from './socket'

/** The part of a WebSocket that is used. */
export interface WebSocketLike extends Pick<EventTarget, 'addEventListener' | 'removeEventListener'> {
  /** Absent in workerd. */
  readonly bufferedAmount?: number
  binaryType: string
  send(data: Uint8Array): void
  close(code?: number): void
}

/** The number of unsent bytes from which a writer waits. */
const MAX_UNSENT = 1024 * 1024
/** The interval at which unsent bytes are counted, in milliseconds: WebSockets have no event for that. */
const POLL_MS = 5

/**
 * Wraps an open WebSocket. The server does not wait for the reader: the API has no way to pause it.
 *
 * @param signal closes the connection when it is aborted.
 */
export function socketOver(webSocket: WebSocketLike, protocol: string, signal: AbortSignal): Socket {
  let isOpen = true
  let settle: (code: number) => void = () => {}
  const closed = new Promise<number>((resolve) => {
    settle = resolve
  })
  webSocket.binaryType = 'arraybuffer'
  const close = () => {
    if (!isOpen) return
    isOpen = false
    webSocket.close(1000)
    settle(1000)
    end()
  }
  let unlisten = () => {}
  let end = () => {}
  const readable = new ReadableStream<Uint8Array>({
    start(controller) {
      const listeners = [
        listen(webSocket, 'message', (event) => {
          const { data } = event as MessageEvent<ArrayBuffer | string>
          controller.enqueue(typeof data === 'string' ? new TextEncoder().encode(data) : new Uint8Array(data))
        }),
        listen(webSocket, 'close', (event) => {
          isOpen = false
          settle((event as Partial<CloseEvent>).code ?? 1006)
          end()
        }),
        // An error is always followed by a close event.
        listen(webSocket, 'error', () => undefined),
        listen(signal, 'abort', () => close()),
      ]
      unlisten = () => {
        for (const stop of listeners) stop()
      }
      end = () => {
        end = () => {}
        unlisten()
        controller.close()
      }
    },
    cancel() {
      end = () => {}
      unlisten()
      close()
    },
  })
  const writable = new WritableStream<Uint8Array>({
    async write(message) {
      if (!isOpen) throw new Error('the connection is closed')
      webSocket.send(message)
      while (isOpen && (webSocket.bufferedAmount ?? 0) > MAX_UNSENT) await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    },
    close,
    abort: close,
  })
  if (signal.aborted) close()
  return { protocol, readable, writable, hasBackpressure: false, closed, close }
}

/**
 * Waits until a WebSocket is open.
 *
 * @throws Error with the runtime's message, if it has one, when the handshake fails; the reason of the signal when it is aborted.
 */
export async function opened(
  webSocket: WebSocketLike & { readonly readyState: number; readonly protocol: string },
  signal: AbortSignal,
): Promise<Socket> {
  const unlisten: (() => void)[] = []
  try {
    await new Promise<void>((resolve, reject) => {
      const failed = (event: Event) => reject(new Error((event as Partial<ErrorEvent>).message || 'the WebSocket handshake failed'))
      unlisten.push(
        listen(webSocket, 'open', () => resolve()),
        listen(webSocket, 'error', failed),
        listen(webSocket, 'close', failed),
        listen(signal, 'abort', () => reject(signal.reason)),
      )
      if (signal.aborted) reject(signal.reason)
    })
    return socketOver(webSocket, webSocket.protocol, signal)
  } catch (error) {
    // Without a listener, some runtimes report the error of a WebSocket that is closed before it opened.
    webSocket.addEventListener('error', () => undefined)
    webSocket.close()
    throw error
  } finally {
    for (const stop of unlisten) stop()
  }
}
