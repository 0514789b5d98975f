/** How a promise settled. */
export type Outcome = { readonly value: unknown } | { readonly reason: unknown }

/** A promise that can be looked at without waiting for it. */
export interface Followed {
  /** undefined while the promise is pending. */
  readonly outcome: Outcome | undefined
  /** Lets all promises settle that can. */
  turn(): Promise<void>
}

export function followed(promise: Promise<unknown>): Followed {
  let outcome: Outcome | undefined
  promise.then(
    (value) => {
      outcome = { value }
    },
    (reason) => {
      outcome = { reason }
    },
  )
  return {
    get outcome() {
      return outcome
    },
    turn,
  }
}

/** A turn of the event loop: it comes after all microtasks, and those they queue. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
