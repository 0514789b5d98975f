import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'

/** Where the control plane comes from, or why there is none. */
type ClusterBinary = { readonly binary: string } | { readonly skipped: string }

/** A Go program that tests run: `go.mod`, `go.sum` and `main.go` in one folder. */
export interface GoProgram {
  /** The name of its binary. */
  readonly name: string
  /** What a test has with it, for people: `a real API server`. */
  readonly description: string
  readonly sources: string
  readonly linkerFlags: string
}

const cache = join(import.meta.dirname, '../../node_modules/.cache/kubeflect')

// Without these the API server calls itself v0.0.0-master and takes its own defaults for those of an older release.
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
 * Says at once whether there can be a cluster here: a binary that was built before, or Go to build one.
 * `KUBEFLECT_CLUSTER_BINARY` names a binary built elsewhere.
 *
 * @returns `undefined` when there can, or else the reason.
 * @throws Error when `KUBEFLECT_CLUSTER_BINARY` names no file.
 */
export function whyNoCluster(): string | undefined {
  return givenBinary() ? undefined : whyNoProgram(controlPlane)
}

/**
 * Says at once whether there can be a program: one that was built before, or Go to build it.
 *
 * @returns `undefined` when there can, or else the reason.
 */
export function whyNoProgram(program: GoProgram): string | undefined {
  if (existsSync(cachedBinary(program)) || spawnSync('go', ['version']).status === 0) return undefined
  return `${program.description} is built with Go, and there is no \`go\` on the PATH`
}

/**
 * Compiles the control plane, unless it was compiled before: some minutes the first time. Says on stderr how far it is.
 *
 * @throws Error when the build fails, with the compiler's last words.
 */
export async function buildCluster(): Promise<ClusterBinary> {
  const skipped = whyNoCluster()
  if (skipped) return { skipped }
  return { binary: givenBinary() ?? (await buildProgram(controlPlane)) }
}

/**
 * Compiles a program, unless it was compiled before. Says on stderr how far it is.
 *
 * @returns its binary.
 * @throws Error when the build fails, with the compiler's last words.
 */
export async function buildProgram(program: GoProgram): Promise<string> {
  const binary = cachedBinary(program)
  if (!existsSync(binary)) await build(program, binary)
  return binary
}

function givenBinary(): string | undefined {
  const given = process.env.KUBEFLECT_CLUSTER_BINARY
  if (given && !existsSync(given)) throw new Error(`KUBEFLECT_CLUSTER_BINARY names ${given}, and there is no such file`)
  return given || undefined
}

function cachedBinary({ name, sources }: GoProgram): string {
  const hash = createHash('sha256')
  for (const file of ['go.mod', 'go.sum', 'main.go']) hash.update(readFileSync(join(sources, file)))
  return join(cache, `${name}-${hash.digest('hex').slice(0, 16)}`)
}

async function build({ description, sources, linkerFlags }: GoProgram, binary: string): Promise<void> {
  console.error(`Compiling ${description} (once; some minutes on a slow machine) …`)
  mkdirSync(cache, { recursive: true })
  // Two builds at once do not meet: each writes a file of its own, and the rename is atomic.
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
