// The Worker of the control: reads the watch and posts its lines without parsing them, shortened to the length of an informer's texts.
// Posts one message a frame, and never two at a time. Posts null after the first state.
import { lineReader } from '../subjects/lines'

const KEPT = 5_200
const FRAME_MS = 16
/** The maximum number of lines of the first state in one message. */
const MOST = 50

const port = globalThis as unknown as Worker
const lines: (string | null)[] = []
let isFree = true

/** The lines to send: the first state arrives faster than the page reads it. */
const hasMany = () => lines.length >= MOST

function send(): void {
  if (!isFree || lines.length === 0) return
  isFree = false
  const end = lines.indexOf(null)
  const sent = lines.splice(0, end < 0 ? MOST : Math.min(MOST, end || 1))
  port.postMessage(sent[0] === null ? null : sent)
}

async function follow(url: string): Promise<void> {
  const { body } = await fetch(`${url}/api/v1/pods?watch=true&sendInitialEvents=true`)
  if (!body) throw new Error('the response of the server has no body')
  const linesOf = lineReader()
  for (const reader = body.getReader(); ; ) {
    const { done, value } = await reader.read()
    if (done) return
    for (const line of linesOf(value)) lines.push(line.startsWith('{"type":"BOOKMARK"') ? null : line.slice(0, KEPT))
    send()
    while (hasMany()) await new Promise((resolve) => setTimeout(resolve))
  }
}

function rest(): void {
  isFree = true
  send()
}

port.onmessage = ({ data }: MessageEvent<string>) => {
  if (data !== 'more') void follow(data)
  else setTimeout(rest, hasMany() ? 0 : FRAME_MS)
}
