// A toy shell for the pods of the fake cluster: a WebSocket in the page that speaks the protocol of exec.
import type { OpenSocket } from 'kubeflect/streams'

const HELP = 'a toy shell in this page: echo, date, size, exit [code]\r\n'

/** Opens a toy shell in place of a connection. */
export const toyShell: OpenSocket = async ({ protocols, signal }) => {
  const [protocol = ''] = protocols
  const encoder = new TextEncoder()
  const decoder = new TextDecoder()
  let isOpen = true
  let end = () => {}
  let send = (_channel: number, _text: string) => {}
  const readable = new ReadableStream<Uint8Array>({
    start(controller) {
      send = (channel, text) => isOpen && controller.enqueue(Uint8Array.of(channel, ...encoder.encode(text)))
      end = () => isOpen && controller.close()
    },
  })
  let resolveClosed: (code: number) => void = () => {}
  const closed = new Promise<number>((resolve) => {
    resolveClosed = resolve
  })
  const close = () => {
    end()
    isOpen = false
    resolveClosed(1000)
  }
  const exit = (code: number) => {
    const failure = { status: 'Failure', reason: 'NonZeroExitCode', details: { causes: [{ reason: 'ExitCode', message: `${code}` }] } }
    send(3, JSON.stringify(code === 0 ? { status: 'Success' } : failure))
    close()
  }

  let size = ''
  let line = ''
  const run = (command: string) => {
    const [name = '', ...words] = command.trim().split(/\s+/)
    if (name === 'exit') return exit(Number(words[0] ?? 0) & 255 || 0)
    const outputs: Record<string, string> = {
      '': '',
      echo: `${words.join(' ')}\r\n`,
      date: `${new Date()}\r\n`,
      size: `${size}\r\n`,
      help: HELP,
    }
    send(1, `${outputs[name] ?? `${name}: not found; try help\r\n`}$ `)
  }
  const type = (key: string) => {
    if (key === '\r') {
      const command = line
      line = ''
      send(1, '\r\n')
      run(command)
    } else if (key === '\u0004') exit(0)
    else if (key === '\u007f') {
      if (line) send(1, '\b \b')
      line = line.slice(0, -1)
    } else if (key >= ' ') {
      line += key
      send(1, key)
    }
  }
  const writable = new WritableStream<Uint8Array>({
    write(message) {
      const text = decoder.decode(message.subarray(1))
      if (message[0] === 0) for (const key of text) type(key)
      if (message[0] === 4) {
        const { Width, Height } = JSON.parse(text) as { Width: number; Height: number }
        size = `${Width} x ${Height}`
      }
    },
    close,
    abort: close,
  })
  signal.addEventListener('abort', close)
  send(1, `Welcome to ${HELP}$ `)
  return { protocol, readable, writable, hasBackpressure: true, closed, close }
}
