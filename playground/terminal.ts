// A terminal in a container: xterm.js over `exec`.
import { FitAddon } from '@xterm/addon-fit'
import { Terminal } from '@xterm/xterm'
import '@xterm/xterm/css/xterm.css'
import { KubeClient } from 'kubeflect'
import type { Pod } from 'kubeflect/resources/core/v1'
import { exec, type InteractiveProcess } from 'kubeflect/streams'
import { FakeApiServer } from 'kubeflect/testing'
import { servedCluster } from './connection.ts'
import { create, write } from './page.ts'
import { messageOf } from './strip.ts'
import './terminal.css'
import { toyShell } from './toy-shell.ts'

const cluster = servedCluster()
// The pods of a fake cluster are in a server or a Worker. Their shells are in this page.
const shells = cluster === undefined || cluster === 'fake' ? new FakeApiServer({ exec: toyShell }) : undefined
const client = new KubeClient(shells ? { baseUrl: 'http://shells.invalid', webSocket: shells.webSocket } : { baseUrl: '/k8s' })

/** Starts the best shell of a container. */
const SHELL = ['sh', '-c', 'TERM=xterm-256color; export TERM; command -v bash >/dev/null && exec bash; exec sh']

/** Opens a terminal over the page. It stays open until it is closed, whatever the connection does. */
export function openTerminal({ metadata, spec }: Pod): void {
  const { namespace = '', name = '' } = metadata
  shells?.load([{ apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name }, spec } as Pod])
  const state = create('p', { className: 'terminal-state' })
  state.role = 'status'
  const containers = create(
    'select',
    { ariaLabel: 'Container' },
    spec?.containers.map((container) => new Option(container.name)),
  )
  containers.hidden = containers.length < 2
  const again = create('button', { type: 'button', textContent: 'Reconnect', hidden: true })
  const close = create('button', { type: 'button', textContent: 'Close', title: 'Ends the shell' })
  const title = create('h2', { textContent: `${namespace}/${name}` })
  const screen = create('div', { className: 'terminal-screen' })
  const dialog = create('dialog', { className: 'terminal', ariaLabel: `Terminal in ${name}` }, [
    create('header', {}, [title, containers, state, again, close]),
    screen,
  ])
  document.body.append(dialog)
  dialog.showModal()

  const term = new Terminal({ cursorBlink: true, fontSize: 13, theme: { background: '#14161c' } })
  const fit = new FitAddon()
  term.loadAddon(fit)
  term.open(screen)
  fit.fit()
  const resizes = new ResizeObserver(() => fit.fit())
  resizes.observe(screen)

  let session = new AbortController()
  const connect = async () => {
    session.abort()
    session = new AbortController()
    const { signal } = session
    again.hidden = true
    write(state, 'Connecting …')
    try {
      const size = { columns: term.cols, rows: term.rows }
      const shell = await exec(client, { namespace, name, container: containers.value, command: SHELL, stdin: true, tty: size, signal })
      write(state, 'Connected')
      term.focus()
      write(state, await follow(shell, term, signal))
    } catch (error) {
      if (signal.aborted) return
      write(state, messageOf(error))
    }
    again.hidden = false
  }
  again.addEventListener('click', () => {
    term.reset()
    void connect()
  })
  containers.addEventListener('change', () => again.click())
  close.addEventListener('click', () => dialog.close())
  // Escape belongs to the programs in the terminal.
  dialog.addEventListener('cancel', (event) => event.preventDefault())
  dialog.addEventListener('close', () => {
    session.abort()
    resizes.disconnect()
    term.dispose()
    dialog.remove()
  })
  void connect()
}

/** Connects a terminal with a shell until that ends. Returns how it ended. */
async function follow(shell: InteractiveProcess, term: Terminal, signal: AbortSignal): Promise<string> {
  const keys = shell.stdin.getWriter()
  // What cannot be sent is lost with the connection, which `exit` reports.
  const type = (text: string) => keys.write(text).catch(() => undefined)
  const listeners = [
    term.onData(type),
    term.onResize(({ cols, rows }) => void shell.resize({ columns: cols, rows }).catch(() => undefined)),
  ]
  try {
    // The window may have changed during the handshake.
    await shell.resize({ columns: term.cols, rows: term.rows })
    await shell.stdout.pipeTo(new WritableStream({ write: (bytes) => new Promise<void>((drawn) => term.write(bytes, drawn)) }), { signal })
    return `Ended with exit code ${(await shell.exit).code}`
  } finally {
    for (const listener of listeners) listener.dispose()
    await shell.close()
  }
}
