import { isKubeError } from '../errors'
import { fakeServer, type ServeFake } from './fake-server'
import { type Connect, generate, generateUsage } from './generate'
import type { Host } from './host'
import { printable, printableLines } from './printable'
import { UsageError } from './usage-error'

const usage = `Usage: kubeflect <command>

  generate     Writes TypeScript for custom resources, from the OpenAPI of a cluster or from files with their definitions.
  fake-server  Serves a Kubernetes API server in memory, for tests and demonstrations.

  --version    Prints the version of kubeflect.
  --help       Prints this; kubeflect <command> --help lists a command's options.

Exit codes: 0, done; 1, it could not be done; 2, the arguments make no sense. On 1 and 2, stderr says why.`

/**
 * Runs a command of `npx kubeflect`. All that it prints has gone through {@link printable}: names and messages of a server reach no terminal as they are.
 *
 * @param connect finds out how to reach a cluster.
 * @param serveFake starts a fake API server.
 * @returns the exit code: 0, 1 when it could not be done, 2 when the arguments make no sense; stderr says why.
 */
export async function run(host: Host, connect: Connect, serveFake: ServeFake): Promise<number> {
  const [command, ...args] = host.args
  const complain = (message: string) => host.complain(`kubeflect: ${printableLines(message)}`)
  try {
    if (command === 'generate' && (args.includes('--help') || args.includes('-h'))) host.print(generateUsage)
    else if (command === 'generate') await generate(args, { ...host, print: (line) => host.print(printable(line)) }, connect)
    else if (command === 'fake-server') await fakeServer(args, host, serveFake)
    else if (command === '--help' || command === '-h') host.print(usage)
    else if (command === '--version') host.print(printable(await host.version()))
    else throw new UsageError(command === undefined ? 'name a command' : `there is no command ${JSON.stringify(command)}`, usage)
    return 0
  } catch (error) {
    if (error instanceof UsageError) {
      complain(error.message)
      host.complain(`\n${error.usage}`)
      return 2
    }
    // An error of another type is a mistake in this program: its stack says where.
    if (!isKubeError(error) && !isSystemError(error)) throw error
    complain(error.message)
    return 1
  }
}

/** The machine refused something: a folder that cannot be written to, a disk that is full. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error
}
