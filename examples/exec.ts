// Runs a command in a container, with this terminal's input, and exits with the command's code.
//
//   npm run build && node examples/exec.ts web-1 [--container web] [--namespace shop] [--server …] -- ls -l
import { Writable } from 'node:stream'
import { parseArgs } from 'node:util'
import { KubeClient } from 'kubeflect'
import { loadKubeconfig } from 'kubeflect/kubeconfig'
import { exec } from 'kubeflect/streams'

const option = { type: 'string' } as const
const options = { server: option, namespace: option, container: option }

try {
  const { values, positionals } = parseArgs({ options, allowPositionals: true })
  const [name = '', ...command] = positionals
  await using config = values.server ? undefined : await loadKubeconfig()
  const client = new KubeClient(config ?? { baseUrl: values.server })
  const { namespace = config?.namespace ?? 'default', container } = values
  await using running = await exec(client, { namespace, name, container, command, stdin: true })
  // The command may end without reading its input.
  const typing = (async () => {
    const input = running.stdin.getWriter()
    for await (const bytes of process.stdin) await input.write(bytes)
    await input.close()
  })().catch(() => undefined)
  const show = (from: ReadableStream<Uint8Array>, to: Writable) => from.pipeTo(Writable.toWeb(to), { preventClose: true })
  await Promise.all([show(running.stdout, process.stdout), show(running.stderr, process.stderr)])
  process.exitCode = (await running.exit).code
  process.stdin.destroy()
  await typing
} catch (error) {
  console.error(String(error))
  process.exitCode = 1
}
