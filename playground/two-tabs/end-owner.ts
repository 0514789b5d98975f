// Ends the Worker that reads for all tabs, as a crash or the browser would. Imported by that Worker; the page sends the message.

const CHANNEL = 'kubeflect-playground/end-owner'

/** Ends this Worker when a page asks for it. Call it in a Worker. */
export function acceptEnd(): void {
  new BroadcastChannel(CHANNEL).addEventListener('message', () => (globalThis as unknown as { close(): void }).close())
}

/** Ends the Workers that read for the tabs of this page. Nothing is said to the tabs. */
export function endOwner(): void {
  const channel = new BroadcastChannel(CHANNEL)
  channel.postMessage('end')
  channel.close()
}
