// The moment to show changes: the next frame of a visible page.

import { isPageHidden } from '../internal/wake'

/** The longest wait for a frame, in milliseconds: a page that is hidden meanwhile has none. */
const WITHOUT_FRAME_MS = 250

/** Runs the work once, at the next frame; 16 ms later where there are no frames. */
export function atFrame(work: () => void): void {
  const { requestAnimationFrame: request } = globalThis as { requestAnimationFrame?: (callback: () => void) => number }
  if (!request || isPageHidden()) {
    setTimeout(work, 16)
    return
  }
  let isDone = false
  const run = () => {
    clearTimeout(timer)
    if (isDone) return
    isDone = true
    work()
  }
  const timer = setTimeout(run, WITHOUT_FRAME_MS)
  request(run)
}
