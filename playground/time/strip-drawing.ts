// Draws the changes of a time line on a canvas.
import { readColors } from '../views/draw.ts'
import type { Tick } from './moments.ts'

/** A fault that the user caused. */
export interface Fault {
  readonly time: number
  readonly label: string
}

/** The times at both ends, in milliseconds since the epoch. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** What a strip shows. */
export interface StripContent {
  readonly span: Span
  readonly ticks: readonly Tick[]
  readonly faults: readonly Fault[]
  /** The shown moment's time; undefined for the present. */
  readonly shown: number | undefined
}

const BAR = 3
const GAP = 1
/** The opacity of what comes after the shown moment. */
const FAINT = 0.35
/** The height above the bars in which marks stand, in CSS pixels. */
const MARKS = 12

/** Draws a bar for the changes of each few pixels, a letter for each relist, and a triangle for each fault. */
export function drawStrip(canvas: HTMLCanvasElement, { span, ticks, faults, shown }: StripContent): void {
  const { clientWidth: width, clientHeight: height } = canvas
  const scale = devicePixelRatio
  canvas.width = width * scale
  canvas.height = height * scale
  const context = canvas.getContext('2d')
  if (!context) return
  context.scale(scale, scale)
  const colors = readColors(canvas.parentElement ?? document.body)
  const xOf = (time: number) => ((time - span.from) / (span.to - span.from)) * width
  const step = BAR + GAP
  const counts = new Array<number>(Math.ceil(width / step)).fill(0)
  for (const { time, changes } of ticks) {
    const at = Math.min(counts.length - 1, Math.max(0, Math.floor(xOf(time) / step)))
    counts[at] = (counts[at] ?? 0) + changes
  }
  const most = Math.log(1 + Math.max(4, ...counts))
  const until = shown === undefined ? Number.POSITIVE_INFINITY : xOf(shown)
  counts.forEach((count, at) => {
    if (count === 0) return
    const bar = Math.max(2, (Math.log(1 + count) / most) * (height - MARKS))
    context.fillStyle = colors.accent
    context.globalAlpha = at * step <= until ? 1 : FAINT
    context.fillRect(at * step, height - bar, BAR, bar)
  })
  context.globalAlpha = 1
  context.font = `600 10px ${colors.font}`
  context.textAlign = 'center'
  for (const { time } of ticks.filter(({ type }) => type === 'replace'))
    mark(context, xOf(time), height, { text: 'L', color: colors.tones.done })
  for (const { time } of faults) mark(context, xOf(time), height, { text: '▼', color: colors.tones.bad })
}

function mark(context: CanvasRenderingContext2D, x: number, height: number, { text, color }: { text: string; color: string }): void {
  const inside = Math.max(5, Math.min(context.canvas.clientWidth - 5, x))
  context.fillStyle = color
  context.fillText(text, inside, 9)
  context.fillRect(inside - 0.5, MARKS, 1, height - MARKS)
}
