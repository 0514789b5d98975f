// Serves one collection from prepared text, in its own process, so that its cost is not part of the measurement. Implements only the HTTP
// that the clients need, because Node's own server takes longer for an event than a fast client.
//
// GET <collection>             a list, with `limit` in pages, or of the object that `fieldSelector` names
// GET <collection>?watch=true  the state if requested, then the events after `/go`
// GET /go                      releases the events of the waiting watch, or of the next one
// GET /sent                    the bytes of bodies sent since the previous `/sent`
// GET /                        an empty page, which gives a browser the same origin
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { framed, type Load, type LoadOptions, makeLoad } from './frames'

const END = Buffer.from('0\r\n\r\n')
const TICK_MS = 10

const options = JSON.parse(process.argv[2] ?? '{}') as LoadOptions
const load: Load = makeLoad(options)
const held: (() => void)[] = []
const starters: (() => void)[] = []
let sent = 0

async function send(socket: Socket, frames: readonly Buffer[]): Promise<void> {
  for (const frame of frames) {
    if (socket.destroyed) return
    sent += frame.length
    if (!socket.write(frame)) await drained(socket)
  }
}

const drained = (socket: Socket) =>
  new Promise<void>((resolve) => {
    const done = () => {
      socket.off('drain', done).off('close', done)
      resolve()
    }
    socket.on('drain', done).on('close', done)
  })

/** Sends the events at a rate per second; 0 sends them as fast as they are read. */
async function sendEvents(socket: Socket): Promise<void> {
  const { rate } = options
  if (!rate) return send(socket, load.events)
  const start = performance.now()
  for (let next = 0; next < load.events.length && !socket.destroyed; ) {
    const due = Math.min(load.events.length, Math.floor(((performance.now() - start) * rate) / 1000))
    await send(socket, load.events.slice(next, due))
    next = due
    await new Promise((resolve) => setTimeout(resolve, TICK_MS))
  }
}

const answerHead = (status: string, type: string) =>
  `HTTP/1.1 ${status}\r\nContent-Type: ${type}\r\nCache-Control: no-store\r\nTransfer-Encoding: chunked\r\n\r\n`

async function answer(socket: Socket, target: string): Promise<void> {
  const { pathname, searchParams } = new URL(target, 'http://load')
  const body = async (frames: readonly Buffer[], type = 'application/json') => {
    socket.write(answerHead('200 OK', type))
    await send(socket, frames)
    socket.write(END)
  }
  if (pathname === '/') return body(framed(['<!doctype html><title>bench</title>']), 'text/html')
  if (pathname === '/go') {
    const release = held.shift() ?? (await new Promise<() => void>((resolve) => starters.push(() => resolve(held.shift() as () => void))))
    await body(framed(['{}']))
    return release()
  }
  if (pathname === '/sent') {
    const bytes = sent
    await body(framed([JSON.stringify({ bytes })]))
    sent = 0
    return
  }
  if (pathname !== load.collection.path) {
    socket.write(answerHead('404 Not Found', 'application/json'))
    await send(socket, framed(['{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}']))
    socket.write(END)
    return
  }
  if (searchParams.get('watch') === 'true' || searchParams.get('watch') === '1') {
    socket.write(answerHead('200 OK', 'application/json'))
    if (searchParams.get('sendInitialEvents') === 'true') await send(socket, load.stream)
    await new Promise<void>((resolve) => {
      held.push(resolve)
      socket.once('close', () => held.includes(resolve) && held.splice(held.indexOf(resolve), 1))
      starters.shift()?.()
    })
    await sendEvents(socket)
    // A watch stays open until the client disconnects.
    await once(socket, 'close')
    return
  }
  const fieldSelector = searchParams.get('fieldSelector')
  if (fieldSelector) return body(load.named(fieldSelector))
  // The API server answers a list at version 0 from its cache, complete, regardless of the limit.
  const paged = searchParams.has('limit') && searchParams.get('resourceVersion') !== '0'
  return body(paged ? load.page(Number(searchParams.get('continue') ?? 0), Number(searchParams.get('limit'))) : load.list)
}

const server = createServer((socket) => {
  let received = ''
  let last = Promise.resolve()
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  socket.on('data', (data) => {
    received += data.toString('latin1')
    for (let end = received.indexOf('\r\n\r\n'); end >= 0; end = received.indexOf('\r\n\r\n')) {
      const target = received.slice(0, end).split(' ', 2)[1] ?? '/'
      received = received.slice(end + 4)
      last = last.then(() => answer(socket, target)).catch((error) => void socket.destroy(error))
    }
  })
})
server.listen(0, '127.0.0.1', () =>
  console.log(JSON.stringify({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, ...load.facts })),
)
// The parent process holds standard input open; end with it.
process.stdin.on('end', () => process.exit()).resume()
