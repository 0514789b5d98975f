// The texts against which others are packed, loaded within a budget.

import { flatten } from '../internal/flatten'
import { type Unpack, unpack } from './unpack'

/** The data in which a coder finds matches in a template. Positions are the same in the text and in the bytes. */
export interface Prepared {
  /** One byte for each character. */
  readonly bytes: Uint8Array
  readonly view: DataView
  /** The last position of each hash, plus one; 0 for none. */
  readonly table: Uint16Array | Uint32Array
}

/** The most bytes of loaded templates that {@link LoadedTemplates} keeps. */
export const TEMPLATE_BUDGET: number = 8 << 20

/** Keeps the templates that were used last in memory, up to a budget in bytes, and unloads the others. */
export class LoadedTemplates {
  readonly #budget: number
  readonly #sizes = new Map<Template, number>()
  #total = 0

  /** @param budget bytes; default {@link TEMPLATE_BUDGET}. One template is kept whatever its size. */
  constructor(budget: number = TEMPLATE_BUDGET) {
    this.#budget = budget
  }

  /** The number of loaded bytes. */
  get bytes(): number {
    return this.#total
  }

  /** Marks a template as used last. */
  use(template: Template, size: number): void {
    this.#total += size - (this.#sizes.get(template) ?? 0)
    this.#sizes.delete(template)
    this.#sizes.set(template, size)
    for (const [oldest, oldSize] of this.#sizes) {
      if (this.#total <= this.#budget || oldest === template) return
      this.#sizes.delete(oldest)
      this.#total -= oldSize
      oldest.unload()
    }
  }
}

/**
 * A text against which others are packed. A template with a parent is packed itself, so that it takes a few hundred bytes while it is not
 * used. Immutable.
 */
export class Template {
  /** The text, or the packed text if there is a parent. */
  readonly packed: string
  /** The template against which this one is packed. It has no parent itself. */
  readonly parent: Template | undefined
  readonly #loaded: LoadedTemplates
  #text: string | undefined
  #prepared: Prepared | undefined
  #unpack: Unpack | undefined

  constructor(packed: string, parent: Template | undefined, loaded: LoadedTemplates) {
    this.packed = packed
    this.parent = parent
    this.#loaded = loaded
  }

  /** The text. Unpacks it unless it is loaded. */
  get text(): string {
    if (!this.parent) return this.packed
    // A joined text would be flattened by each reader.
    this.#text ??= flatten(unpack(this.parent.text, this.packed))
    this.#use()
    return this.#text
  }

  /** Restores a text that was packed against this template. The same function at each call: entries keep it. */
  get unpack(): Unpack {
    this.#unpack ??= (packed, most) => unpack(this.text, packed, most)
    return this.#unpack
  }

  /** Returns what `prepare` made of the text, while it is loaded. */
  prepared(prepare: (text: string) => Prepared): Prepared {
    this.#prepared ??= prepare(this.text)
    this.#use()
    return this.#prepared
  }

  /** Drops what can be computed again. */
  unload(): void {
    this.#text = undefined
    this.#prepared = undefined
  }

  #use(): void {
    const { bytes, table } = this.#prepared ?? {}
    this.#loaded.use(this, (this.#text?.length ?? 0) + (bytes?.length ?? 0) + (table?.byteLength ?? 0))
  }
}
