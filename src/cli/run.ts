// The entry of `npx kubeflect`: picks the command, prints errors and returns the exit code.

import { isKubeError } from '../api/errors'
import { fakeServer, fakeServerUsage, type ServeFake } from './fake-server'
import { type Connect, generate, generateUsage } from './generate'
import type { Host } from './host'
import { printable, printableLines } from './printable'
import { relay, relayUsage, type ServeRelay } from './relay'
import { UsageError } from './usage-error'

const usage = `Usage: kubeflect <command>

  generate     Writes TypeScript for custom resources, from the OpenAPI of a cluster or from files with their definitions.
  fake-server  Runs an in-memory Kubernetes API server, for tests and demonstrations.

  --version    Prints the version of kubeflect.
  --help       Prints this help; kubeflect <command> --help lists a command's options.

Exit codes: 0 for success; 1 for a failure; 2 for invalid arguments. stderr has the reason for 1 and 2.`

/**
 * Runs a command of `npx kubeflect`. Escapes everything it prints with {@link printable}, because names and messages come from a server.
 *
 * @param connect resolves the connection to a cluster.
 * @param serveFake starts a fake API server.
 * @param serveRelay starts a relay.
 * @returns the exit code: 0 on success, 1 on failure, 2 for invalid arguments; stderr has the reason for 1 and 2.
 */
export async function run(host: Host, connect: Connect, serveFake: ServeFake, serveRelay: ServeRelay): Promise<number> {
  const [command, ...args] = host.args
  const complain = (message: string) => host.complain(`kubeflect: ${printableLines(message)}`)
  try {
    const help = args.includes('--help') || args.includes('-h')
    if (help && command === 'generate') host.print(generateUsage)
    else if (help && command === 'fake-server') host.print(fakeServerUsage)
    else if (help && command === 'relay') host.print(relayUsage)
    else if (command === 'generate') await generate(args, { ...host, print: (line) => host.print(printable(line)) }, connect)
    else if (command === 'fake-server') await fakeServer(args, host, serveFake)
    else if (command === 'relay')
      await relay(
        args,
        { ...host, print: (line) => host.print(printable(line)), complain: (line) => host.complain(printable(line)) },
        serveRelay,
      )
    else if (command === '--help' || command === '-h') host.print(usage)
    else if (command === '--version') host.print(printable(await host.version()))
    else
      throw new UsageError(
        command === undefined ? 'the command is missing: use generate or fake-server' : `unknown command ${JSON.stringify(command)}`,
        usage,
      )
    return 0
  } catch (error) {
    if (error instanceof UsageError) {
      complain(error.message)
      host.complain(`\n${error.usage}`)
      return 2
    }
    // Any other error is a bug in this program. Its stack shows where.
    if (!isKubeError(error) && !isSystemError(error)) throw error
    complain(error.message)
    return 1
  }
}

/** Whether the system refused an operation, such as a write to a read-only folder or a full disk. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error
}
