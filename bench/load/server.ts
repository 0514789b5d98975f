// Serves one collection from text that was made before the first request: a process of its own, so that what it costs is not part of what
// is measured. It speaks just as much HTTP as the clients need, since Node's own server would take longer for an event than a fast client.
//
// GET <collection>             a list; with `limit` in pages of 500
// GET <collection>?watch=true  first what there is, if asked to; then, after `/go`, the events
// GET /go                      lets the watch that waits have its events; waits for one
// GET /sent                    how many bytes of bodies were sent since `/sent` was asked last
// GET /                        an empty page, so that a browser has the same origin
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

/** Sends the events, so many a second; 0: as fast as they are taken. */
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
    // A watch stays open: the client leaves.
    await once(socket, 'close')
    return
  }
  // The API server answers a list at version 0 from its cache, as a whole, whatever the limit.
  const paged = searchParams.has('limit') && searchParams.get('resourceVersion') !== '0'
  return body(paged ? load.page(Number(searchParams.get('continue') ?? 0)) : load.list)
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
// Whoever started it holds its standard input open.
process.stdin.on('end', () => process.exit()).resume()
