// A toy shell for the pods of the fake cluster, whose containers run nothing.
import type { FakeCommand } from 'kubeflect/testing'

const HELP = 'a toy shell in this page: echo, date, size, exit [code]\r\n'

/** The commands but `exit`, by name. */
const COMMANDS = new Map<string, (words: string, size: string) => string>([
  ['', () => ''],
  ['echo', (words) => `${words}\r\n`],
  ['date', () => `${new Date()}\r\n`],
  ['size', (_, size) => `${size}\r\n`],
  ['help', () => HELP],
])

/** Runs the shell until it exits or its input ends. Returns the exit code. */
export async function toyShell({ stdin, stdout, onResize }: FakeCommand): Promise<number> {
  let size = ''
  onResize(({ columns, rows }) => {
    size = `${columns} x ${rows}`
  })
  const decoder = new TextDecoder()
  const keys = stdin.getReader()
  let line = ''
  await stdout.write(`Welcome to ${HELP}$ `)
  for (;;) {
    const { done, value } = await keys.read()
    if (done) return 0
    for (const key of decoder.decode(value, { stream: true })) {
      if (key === '\u0004') return 0
      if (key === '\r') {
        const [name = '', ...words] = line.trim().split(/\s+/)
        line = ''
        await stdout.write('\r\n')
        if (name === 'exit') return Number(words[0] ?? 0) & 255
        await stdout.write(`${COMMANDS.get(name)?.(words.join(' '), size) ?? `${name}: not found; try help\r\n`}$ `)
      } else if (key === '\u007f') {
        if (line) await stdout.write('\b \b')
        line = line.slice(0, -1)
      } else if (key >= ' ') {
        line += key
        await stdout.write(key)
      }
    }
  }
}
