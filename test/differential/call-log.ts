import type { Call } from './calls.ts'

/** The object that says how far an informer has come; its own calls are not compared. */
export const MARKER = { namespace: 'shop', name: 'marker' } as const

const MARKER_KEY = `${MARKER.namespace}/${MARKER.name}`

/** What one informer's handler was told. */
export class CallLog {
  #calls: Call[] = []
  #marker = ''
  #look = () => {}

  push(call: Call): void {
    if (call.object.key !== MARKER_KEY) this.#calls.push(call)
    else {
      this.#marker = call.object.resourceVersion
      this.#look()
    }
  }

  /** Gives the calls since the last time. */
  take(): Call[] {
    return this.#calls.splice(0)
  }

  /** Resolves when the handler was told of the marker at a version, and so of all that happened before. */
  reached(resourceVersion: string): Promise<void> {
    return new Promise((resolve) => {
      this.#look = () => {
        if (this.#marker === resourceVersion) resolve()
      }
      this.#look()
    })
  }
}
