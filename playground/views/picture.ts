// The pictures of the canvas views as data: what a layout computes, and a canvas draws.
import type { Resource } from 'kubeflect'
import type { Tone } from '../status.ts'

/** The object that a mark opens. */
export interface Target {
  readonly resource: Resource
  readonly key: string
}

/** A shape that stands for an object or for a group. Positions and sizes are in CSS pixels. */
export interface Mark {
  /** The identity of the mark, the same in each picture. */
  readonly id: string
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  /** `cell`: a small square. `box`: a frame with text. `dot`: a circle. `warning`: a triangle. */
  readonly shape: 'cell' | 'box' | 'dot' | 'warning'
  readonly tone: Tone
  /** The text in a box. */
  readonly text?: string
  /** The sentence that describes the mark when it is pointed at. */
  readonly label: string
  /** The marks that light up with it: its owners. */
  readonly owners?: readonly string[]
  /** Default: the mark opens nothing. */
  readonly target?: Target | undefined
}

/** A line from the right of one mark to the left of another. */
export interface Link {
  readonly from: string
  readonly to: string
}

/** A text beside the marks. */
export interface Caption {
  readonly x: number
  readonly y: number
  readonly text: string
  readonly isTitle?: boolean
}

/** The content of a picture as a table, for screen readers. */
export interface Twin {
  readonly title: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** A picture of a given width. */
export interface Picture {
  readonly height: number
  readonly marks: readonly Mark[]
  readonly links: readonly Link[]
  readonly captions: readonly Caption[]
  readonly twin: Twin
  /** The number of objects, in words. */
  readonly summary: string
}
