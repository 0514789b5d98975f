// Keeps the templates of a Worker's packed texts on the main thread.

import { KubeError } from '../../api/errors'
import { LoadedTemplates, Template } from '../../codec/template'
import type { TemplateRows } from '../protocol'

/**
 * The templates that a Worker has sent, by number. A request that sends a known template again gets the same one. A template lives as long
 * as an entry or an open request needs it.
 */
export class ReceivedTemplates {
  readonly #loaded = new LoadedTemplates()
  readonly #known = new Map<string, WeakRef<Template>>()
  #sweepAt = 1024

  /** Returns the templates of one request. */
  forRequest(): TemplateRows {
    const own = new Map<string, Template>()
    const find = (number: string): Template => {
      const template = own.get(number)
      // Fails the request, so that a reflector lists again.
      if (!template) throw new KubeError(`a Worker sent a text before its template ${number}`)
      return template
    }
    return {
      define: (number, parent, packed) => {
        const template = this.#known.get(number)?.deref() ?? new Template(packed, parent ? find(parent) : undefined, this.#loaded)
        own.set(number, template)
        this.#known.set(number, new WeakRef(template))
        if (this.#known.size > this.#sweepAt) this.#sweep()
      },
      find,
    }
  }

  /** Forgets the templates that are gone. */
  #sweep(): void {
    for (const [number, template] of this.#known) if (!template.deref()) this.#known.delete(number)
    this.#sweepAt = Math.max(1024, 2 * this.#known.size)
  }
}
