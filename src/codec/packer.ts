// Chooses the templates of texts: packs each object against a sibling.

import { flatten } from '../internal/flatten'
import { Coder, type PackedRange } from './coder'
import { LoadedTemplates, Template } from './template'

/** A text to pack, with the namespace of its object. */
export interface PackInput {
  readonly namespace: string
  readonly text: string
}

/** A packed text. */
export interface Packed {
  readonly packed: string
  readonly template: Template
}

/** Shorter texts are not packed. */
export const MIN_TEXT = 512
/** The most groups that are remembered. A group takes about 150 bytes, besides a packed text that an entry may share. */
const MAX_GROUPS = 16_384
/** See {@link PackerOptions}. */
const WORTH = 0.75
/** The number of a group's first texts whose mean size is the baseline. */
const BASELINE_TEXTS = 8
/** A group's template is replaced when this many characters more than the baseline have been written. */
const MAX_DEBT = 8192

/** Options of a {@link Packer}. Tests switch off both thresholds, so that everything is packed. */
export interface PackerOptions {
  /** Shorter texts are kept as they are, in characters; default {@link MIN_TEXT}. */
  minText?: number | undefined
  /** A text is kept as it is when packing leaves more than this share of it; default 0.75. */
  worth?: number | undefined
}

/** A text that the coder has packed, and its template. */
interface Written {
  readonly range: PackedRange
  readonly template: Template
}

/** The objects that share a template: those of one owner, else of one namespace. */
interface Group {
  /** Undefined while no text was worth packing. */
  template: Template | undefined
  baseline: number
  seen: number
  debt: number
  /** After a text that was not worth packing: the number of texts to leave alone, and how many the next time. */
  skip: number
  nextSkip: number
}

/**
 * Packs the texts of one kind. There are two levels: one text of the kind is the root, and each group (the uid of the first owner
 * reference, else the namespace) has a template that is packed against it: the packed string of the group's first text.
 *
 * A template is replaced when the group has moved away from it, as a rollout does. Old templates live as long as an entry needs them.
 */
export class Packer {
  readonly #coder = new Coder()
  readonly #loaded: LoadedTemplates
  readonly #groups = new Map<string, Group>()
  #root: Template | undefined
  /** The texts in a row that the root was no help for, and how many make it give way. */
  #misses = 0
  #patience = 8
  readonly #minText: number
  readonly #worth: number

  /** @param loaded keeps the templates in use; default within the default budget. */
  constructor(loaded: LoadedTemplates = new LoadedTemplates(), { minText = MIN_TEXT, worth = WORTH }: PackerOptions = {}) {
    this.#loaded = loaded
    this.#minText = minText
    this.#worth = worth
  }

  /** The number of groups. */
  get groups(): number {
    return this.#groups.size
  }

  /** Packs texts. Returns undefined in the place of those that are better kept as they are. Eight texts at a time are efficient. */
  pack(inputs: readonly PackInput[]): (Packed | undefined)[] {
    const written = inputs.map((input) => this.#write(input))
    const ranges = written.flatMap((one) => (one && 'range' in one ? [one.range] : []))
    const strings = this.#coder.take(ranges).values()
    return written.map((one) => (one && 'range' in one ? { packed: strings.next().value ?? '', template: one.template } : one))
  }

  #write({ namespace, text }: PackInput): Written | Packed | undefined {
    if (text.length < this.#minText) return undefined
    const root = this.#rootFor(text)
    if (root.packed === text) return undefined
    const group = this.#group(ownerOf(text) ?? namespace)
    if (group.skip > 0) {
      group.skip--
      return undefined
    }
    const own = group.template
    if (own && own.parent === root) {
      const range = this.#coder.pack(own, text)
      if (!this.#isDue(group, range.to - range.from)) return this.#isWorth(range, text, group) ? { range, template: own } : undefined
      this.#coder.drop(range)
    }
    const range = this.#coder.pack(root, text)
    const isWorth = this.#isWorth(range, text, group)
    this.#misses = isWorth ? 0 : this.#misses + 1
    if (!isWorth) return undefined
    const packed = this.#coder.string(range)
    // Shares the string with the entry.
    Object.assign(group, { template: new Template(packed, root, this.#loaded), baseline: 0, seen: 0, debt: 0 })
    return { packed, template: root }
  }

  /** Returns the root, which is the first text, or a later one if the root has proved useless. */
  #rootFor(text: string): Template {
    if (this.#root && this.#misses < this.#patience) return this.#root
    if (this.#root) this.#patience *= 2
    this.#misses = 0
    this.#root = new Template(text, undefined, this.#loaded)
    return this.#root
  }

  #isWorth(range: PackedRange, text: string, group: Group): boolean {
    const isWorth = range.to - range.from <= text.length * this.#worth
    if (isWorth) group.nextSkip = 1
    else {
      this.#coder.drop(range)
      group.nextSkip = Math.min(2 * group.nextSkip, 1024)
      group.skip = group.nextSkip
    }
    return isWorth
  }

  /** Counts a text of a group. Returns whether the group needs another template. */
  #isDue(group: Group, size: number): boolean {
    if (group.seen < BASELINE_TEXTS) {
      group.seen++
      group.baseline += (size - group.baseline) / group.seen
    } else if (size > group.baseline * 1.5) group.debt += size - group.baseline
    return group.debt > MAX_DEBT
  }

  #group(name: string): Group {
    const group = this.#groups.get(name) ?? { template: undefined, baseline: 0, seen: 0, debt: 0, skip: 0, nextSkip: 1 }
    // Moves it to the end: the first is the one that was used the longest ago.
    this.#groups.delete(name)
    this.#groups.set(name, group)
    const [oldest] = this.#groups.keys()
    if (this.#groups.size > MAX_GROUPS && oldest !== undefined) this.#groups.delete(oldest)
    return group
  }
}

const OWNERS = '"ownerReferences":[{'
const UID = '"uid":"'
/** The longest part of an owner reference before its uid, and the longest uid, in characters. */
const MAX_REFERENCE = 512
const MAX_UID = 64

/** Finds the uid of the first owner reference. A wrong one, in a text with an unusual order, only makes packing less effective. */
function ownerOf(text: string): string | undefined {
  const at = text.indexOf(OWNERS)
  if (at < 0) return undefined
  const reference = text.slice(at, at + MAX_REFERENCE)
  const start = reference.indexOf(UID)
  const end = reference.indexOf('"', start + UID.length)
  if (start < 0 || end < 0 || end - start - UID.length > MAX_UID) return undefined
  return flatten(reference.slice(start + UID.length, end))
}
