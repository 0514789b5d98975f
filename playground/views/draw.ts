// Draws marks on a canvas. The tone of a cell is also its form, so that it can be told without colours.
import type { Tone } from '../status.ts'
import type { Mark } from './picture.ts'

/** The colours and the font of the page. */
export interface Colors {
  readonly tones: Readonly<Record<Tone, string>>
  readonly text: string
  readonly muted: string
  readonly line: string
  readonly card: string
  readonly accent: string
  readonly font: string
}

const TONES: readonly Tone[] = ['good', 'busy', 'bad', 'done', 'leaving', 'quiet']

/** Reads the colours of the page in its present scheme. */
export function readColors(host: HTMLElement): Colors {
  const probe = host.appendChild(document.createElement('i'))
  const read = (name: string) => {
    probe.style.color = `var(--${name})`
    return getComputedStyle(probe).color
  }
  const tones = Object.fromEntries(TONES.map((tone) => [tone, read(tone)])) as Record<Tone, string>
  const [text, muted, line, card, accent] = ['text', 'muted', 'line', 'card', 'accent'].map(read)
  const font = getComputedStyle(host).fontFamily
  probe.remove()
  return { tones, text: text ?? '', muted: muted ?? '', line: line ?? '', card: card ?? '', accent: accent ?? '', font }
}

/** Draws one mark. */
export function drawMark(context: CanvasRenderingContext2D, mark: Mark, colors: Colors, { isLit }: { isLit: boolean }): void {
  const { x, y, width, height } = mark
  const color = colors.tones[mark.tone]
  context.fillStyle = color
  context.strokeStyle = color
  context.lineWidth = 1.5
  if (mark.shape === 'cell') drawCell(context, mark, colors)
  else if (mark.shape === 'box') drawBox(context, mark, colors)
  else if (mark.shape === 'dot') {
    context.beginPath()
    context.arc(x + width / 2, y + height / 2, width / 2 - 1, 0, 2 * Math.PI)
    context.stroke()
  } else {
    context.beginPath()
    context.moveTo(x + width / 2, y)
    context.lineTo(x + width, y + height)
    context.lineTo(x, y + height)
    context.fill()
  }
  if (!isLit) return
  context.strokeStyle = colors.accent
  context.lineWidth = 2
  context.strokeRect(x - 1.5, y - 1.5, width + 3, height + 3)
}

/** good: full. busy: the lower half. bad: crossed out. done: a point in a frame. leaving: an empty frame. */
function drawCell(context: CanvasRenderingContext2D, { x, y, width, height, tone }: Mark, colors: Colors): void {
  if (tone === 'good' || tone === 'bad') context.fillRect(x, y, width, height)
  else context.strokeRect(x + 0.75, y + 0.75, width - 1.5, height - 1.5)
  if (tone === 'busy') context.fillRect(x, y + height / 2, width, height / 2)
  else if (tone === 'done') context.fillRect(x + width / 3, y + height / 3, width / 3, height / 3)
  else if (tone === 'bad') {
    context.strokeStyle = colors.card
    context.beginPath()
    context.moveTo(x + 2, y + 2)
    context.lineTo(x + width - 2, y + height - 2)
    context.moveTo(x + width - 2, y + 2)
    context.lineTo(x + 2, y + height - 2)
    context.stroke()
  }
}

function drawBox(context: CanvasRenderingContext2D, { x, y, width, height, text = '', tone }: Mark, colors: Colors): void {
  context.beginPath()
  context.roundRect(x + 0.75, y + 0.75, width - 1.5, height - 1.5, 5)
  context.fillStyle = colors.card
  context.fill()
  context.lineWidth = tone === 'bad' ? 2 : 1
  context.strokeStyle = tone === 'quiet' ? colors.line : colors.tones[tone]
  context.stroke()
  context.fillStyle = colors.text
  context.font = `500 12px ${colors.font}`
  context.textBaseline = 'middle'
  context.save()
  context.beginPath()
  context.rect(x, y, width - 8, height)
  context.clip()
  context.fillText(text, x + 8, y + 11.5)
  context.restore()
}
