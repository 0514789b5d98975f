// Answers questions about the memory of this process.

/** The memory of a process, in bytes. */
export interface Memory {
  readonly resident: number
  readonly heap: number
  readonly external: number
}

/** Answers each message `memory` after a garbage collection. Exits with its parent. @param write is called with any other message. */
export function tellMemory(write: (text: string) => void = () => undefined): void {
  process.on('message', (message) => {
    if (message !== 'memory') return write(String(message))
    for (let times = 0; times < 3; times++) globalThis.gc?.()
    const { rss: resident, heapUsed: heap, external } = process.memoryUsage()
    process.send?.({ resident, heap, external } satisfies Memory)
  })
  process.on('disconnect', () => process.exit(0))
}
