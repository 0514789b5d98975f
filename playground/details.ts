// Shows one object beside the views.
import type { Entry, KubeObject } from 'kubeflect'
import { byId, write } from './page.ts'
import { TerminalButton } from './terminal-button.ts'

const MASK = '••••••'
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/** The store that the object comes from. */
export interface DetailsSource {
  get(key: string): Entry<KubeObject> | undefined
  subscribe(listener: (update: { readonly changes: readonly { readonly entry: Entry<KubeObject> }[] }) => void): () => void
}

/** Shows one object beside the views, and follows its changes until it is closed. */
export class Details {
  readonly #panel = byId('details', HTMLElement)
  readonly #title = byId('details-title', HTMLElement)
  readonly #state = byId('details-state', HTMLElement)
  readonly #text = byId('details-text', HTMLElement)
  readonly #terminal = new TerminalButton()
  readonly #close = byId('details-close', HTMLButtonElement)
  #key: string | undefined
  #stop = () => {}

  /** @param onClose receives the key of the object, to return the focus to its row. */
  constructor({ onClose }: { onClose: (key: string) => void }) {
    const close = () => {
      const key = this.#key
      this.close()
      if (key !== undefined) onClose(key)
    }
    this.#close.addEventListener('click', close)
    document.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || this.#key === undefined || event.defaultPrevented) return
      event.preventDefault()
      close()
    })
  }

  /** Opens the panel with an object and moves the focus there. */
  open(entry: Entry<KubeObject>, source: DetailsSource): void {
    this.#stop()
    this.#key = entry.key
    this.#panel.hidden = false
    this.#text.scrollTo(0, 0)
    this.#update(entry)
    this.#close.focus()
    let isScheduled = false
    this.#stop = source.subscribe(({ changes }) => {
      if (isScheduled || !changes.some((change) => change.entry.key === entry.key)) return
      isScheduled = true
      requestAnimationFrame(() => {
        isScheduled = false
        if (this.#key === entry.key) this.#update(source.get(entry.key))
      })
    })
  }

  /** Draws the newest version of the object; undefined when it was deleted, in which case its last version stays. */
  #update(entry: Entry<KubeObject> | undefined): void {
    this.#panel.toggleAttribute('data-gone', entry === undefined)
    this.#terminal.offer(entry?.object)
    write(this.#state, entry ? `version ${entry.resourceVersion}` : 'deleted')
    if (!entry) return
    write(this.#title, entry.key)
    write(this.#text, textOf(entry))
  }

  /** Closes the panel. */
  close(): void {
    this.#stop()
    this.#key = undefined
    this.#panel.hidden = true
    write(this.#text, '')
  }
}

function textOf(entry: Entry<KubeObject>): string {
  try {
    return JSON.stringify(maskSecret(entry.object), undefined, 2)
  } catch {
    return 'The object is not valid JSON.'
  }
}

/** Returns the object without the values of a Secret and without their copy in the annotation of `kubectl apply`. */
export function maskSecret(object: KubeObject): object {
  if (object.kind !== 'Secret') return object
  const mask = (values: unknown) =>
    typeof values === 'object' && values !== null ? Object.fromEntries(Object.keys(values).map((name) => [name, MASK])) : MASK
  const hidden = ['data', 'stringData'].filter((member) => member in object)
  const masked = Object.fromEntries(hidden.map((member) => [member, mask(object[member as keyof KubeObject])]))
  const { annotations, ...metadata } = object.metadata ?? {}
  const shown = annotations && LAST_APPLIED in annotations ? { ...annotations, [LAST_APPLIED]: MASK } : annotations
  return { ...object, metadata: { ...metadata, ...(shown && { annotations: shown }) }, ...masked }
}
