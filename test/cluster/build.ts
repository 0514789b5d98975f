// Builds the control plane and other Go programs that tests run.

import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'

/** A Go program that tests run: `go.mod`, `go.sum` and its Go files in one folder. */
export interface GoProgram {
  /** The name of the binary. */
  readonly name: string
  /** A description of the program for messages: `a real API server`. */
  readonly description: string
  readonly sources: string
  readonly linkerFlags: string
}

const cache = join(import.meta.dirname, '../../node_modules/.cache/kubeflect')

// Without these flags the API server reports v0.0.0-master and uses the defaults of an older release.
const version = { gitVersion: 'v1.36.3', gitMajor: '1', gitMinor: '36' }
const linkerFlags = [
  '-s',
  '-w',
  ...Object.entries(version).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`),
].join(' ')

const controlPlane: GoProgram = {
  name: 'cluster',
  description: 'a real API server',
  sources: join(import.meta.dirname, 'control-plane'),
  linkerFlags,
}

/**
 * Checks synchronously whether a cluster can run here: it needs a binary from an earlier build, or Go to build one.
 * `KUBEFLECT_CLUSTER_BINARY` names a binary built elsewhere.
 *
 * @returns `undefined` when it can, or else the reason.
 * @throws Error when `KUBEFLECT_CLUSTER_BINARY` names no file.
 */
export function whyNoCluster(): string | undefined {
  return givenBinary() ? undefined : whyNoProgram(controlPlane)
}

/**
 * Checks synchronously whether a program can run here: it needs a binary from an earlier build, or Go to build it.
 *
 * @returns `undefined` when it can, or else the reason.
 */
export function whyNoProgram(program: GoProgram): string | undefined {
  if (existsSync(cachedBinary(program)) || spawnSync('go', ['version']).status === 0) return undefined
  return `${program.description} is built with Go, but \`go\` is not on the PATH`
}

/**
 * Compiles the control plane unless it is up to date, which takes minutes the first time. Prints the progress to stderr.
 *
 * @returns the path of the binary.
 * @throws Error when no cluster can run here, with the reason; when the build fails, with the end of the compiler's output.
 */
export async function buildCluster(): Promise<string> {
  const reason = whyNoCluster()
  if (reason) throw new Error(`no cluster: ${reason}`)
  return givenBinary() ?? (await buildProgram(controlPlane))
}

/**
 * Compiles a program unless it is up to date. Prints the progress to stderr.
 *
 * @returns the path of the binary.
 * @throws Error when the build fails, with the end of the compiler's output.
 */
export async function buildProgram(program: GoProgram): Promise<string> {
  const binary = cachedBinary(program)
  if (!existsSync(binary)) await build(program, binary)
  return binary
}

function givenBinary(): string | undefined {
  const given = process.env.KUBEFLECT_CLUSTER_BINARY
  if (given && !existsSync(given)) throw new Error(`KUBEFLECT_CLUSTER_BINARY names ${given}, which does not exist`)
  return given || undefined
}

function cachedBinary({ name, sources }: GoProgram): string {
  const hash = createHash('sha256')
  const files = readdirSync(sources).filter((file) => /\.go$|^go\.(mod|sum)$/.test(file))
  for (const file of files.sort()) hash.update(readFileSync(join(sources, file)))
  return join(cache, `${name}-${hash.digest('hex').slice(0, 16)}`)
}

async function build({ description, sources, linkerFlags }: GoProgram, binary: string): Promise<void> {
  console.error(`Compiling ${description} (once; some minutes on a slow machine) …`)
  mkdirSync(cache, { recursive: true })
  // Concurrent builds do not conflict: each writes its own file, and the rename is atomic.
  const unfinished = `${binary}.${process.pid}`
  const args = ['build', '-v', '-trimpath', '-buildvcs=false', '-mod=readonly', '-o', unfinished, '-ldflags', linkerFlags, '.']
  const go = spawn('go', args, { cwd: sources, env: { ...process.env, CGO_ENABLED: '0' }, stdio: ['ignore', 'ignore', 'pipe'] })
  const lines = ['']
  go.stderr.setEncoding('utf8').on('data', (text: string) => {
    for (const part of text.split(/(?<=\n)/)) {
      if (!lines.at(-1)?.endsWith('\n')) lines.push((lines.pop() ?? '') + part)
      else if (lines.push(part) % 100 === 0) console.error(`  ${lines.length} packages compiled`)
    }
  })
  const code = await new Promise((resolve, reject) => go.on('error', reject).on('close', resolve))
  if (code !== 0) throw new Error(`go build in ${sources} failed:\n${lines.slice(-20).join('')}`)
  renameSync(unfinished, binary)
}
