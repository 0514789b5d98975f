import { isKubeError } from '../errors'
import { fakeServer, type ServeFake } from './fake-server'
import { type Connect, generate } from './generate'
import type { Host } from './host'
import { UsageError } from './usage-error'

const usage = `Usage: kubeflect <command>

  generate     Write TypeScript for the custom resources of a cluster.
  fake-server  Serve a Kubernetes API server in memory, for tests and demonstrations.

kubeflect <command> --help says more.`

/**
 * Runs a command of `npx kubeflect`.
 *
 * @param connect finds out how to reach a cluster.
 * @param serveFake starts a fake API server.
 * @returns the exit code: 0, 1 when it could not be done, 2 when the arguments make no sense; stderr says why.
 */
export async function run(host: Host, connect: Connect, serveFake: ServeFake): Promise<number> {
  const [command, ...args] = host.args
  try {
    if (command === 'generate') await generate(args, host, connect)
    else if (command === 'fake-server') await fakeServer(args, host, serveFake)
    else if (command === '--help' || command === '-h') host.print(usage)
    else throw new UsageError(command === undefined ? 'say what to do' : `there is no command ${JSON.stringify(command)}`, usage)
    return 0
  } catch (error) {
    if (error instanceof UsageError) {
      host.complain(`kubeflect: ${error.message}\n\n${error.usage}`)
      return 2
    }
    // What is no account of a failure is a mistake in this program: its stack says where.
    if (!isKubeError(error) && !isSystemError(error)) throw error
    host.complain(`kubeflect: ${error.message}`)
    return 1
  }
}

/** The machine refused something: a folder that cannot be written to, a disk that is full. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error
}
