// The picker of a namespace.
import type { KubeClient } from 'kubeflect'
import { Namespace } from 'kubeflect/resources/core/v1'
import { byId, create } from './page.ts'

/** A namespace picker. Lists the namespaces when it is opened, because a watch would occupy one of the browser's few connections. */
export class Namespaces {
  readonly #select = byId('namespace', HTMLSelectElement)
  readonly #client: KubeClient
  #names: readonly string[] = []
  #chosen = ''

  constructor(client: KubeClient, { onPick }: { onPick: (namespace: string | undefined) => void }) {
    this.#client = client
    this.#select.addEventListener('focus', () => void this.load())
    this.#select.addEventListener('change', () => onPick(this.#select.value || undefined))
  }

  /** The names of the namespaces, in order. */
  get names(): readonly string[] {
    return [...this.#names].sort()
  }

  /** Shows the selected namespace; disabled for cluster-scoped resources. */
  show(namespace: string | undefined, { isNamespaced }: { isNamespaced: boolean }): void {
    this.#chosen = namespace ?? ''
    this.#select.disabled = !isNamespaced
    this.#draw()
  }

  /** Lists the namespaces of the server. When that is denied, keeps the selected one. */
  async load(): Promise<void> {
    try {
      const { items } = await this.#client.list(Namespace)
      this.#names = items.map(({ metadata }) => metadata.name ?? '')
      this.#draw()
    } catch {
      // The feed reports the same error, if it is affected.
    }
  }

  #draw(): void {
    const names = [...new Set([...this.#names, this.#chosen])].filter(Boolean).sort()
    const options = this.#select.options
    if (names.length !== options.length - 1 || names.some((name, at) => options[at + 1]?.value !== name))
      this.#select.replaceChildren(
        create('option', { value: '', textContent: 'All namespaces' }),
        ...names.map((name) => create('option', { value: name, textContent: name })),
      )
    this.#select.value = this.#select.disabled ? '' : this.#chosen
  }
}
