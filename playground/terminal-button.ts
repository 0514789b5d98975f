// Offers a terminal for the pod that the details show. Loads the terminal when it is opened.
import type { KubeObject } from 'kubeflect'
import type { Pod } from 'kubeflect/resources/core/v1'
import { byId } from './page.ts'

/** The button beside an object that opens a terminal. */
export class TerminalButton {
  readonly #button = byId('details-terminal', HTMLButtonElement)
  #pod: Pod | undefined

  constructor() {
    this.#button.addEventListener('click', async () => {
      const pod = this.#pod
      if (!pod) return
      const { openTerminal } = await import('./terminal.ts')
      openTerminal(pod)
    })
  }

  /** Shows the button for a pod that runs, and hides it for any other object. */
  offer(object: KubeObject | undefined): void {
    const pod = object?.kind === 'Pod' ? (object as Pod) : undefined
    this.#pod = pod
    // The kubelet of a pod that has no status may not have reported yet; the server then says why there is no terminal.
    this.#button.hidden = !pod || pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
  }
}
