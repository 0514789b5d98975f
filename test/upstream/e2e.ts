// Runs specs of Kubernetes' own e2e suite, compiled from its Go modules, against a server that a kubeconfig names.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const sources = join(import.meta.dirname, 'e2e')
const binary = join(import.meta.dirname, '../../node_modules/.cache/kubeflect/e2e.test')

/** The specs about lists and watches. KUBEFLECT_E2E_FOCUS names others. */
const {
  KUBEFLECT_E2E_FOCUS:
    focus = 'Watchers|Servers with support for (API chunking|Table transformation)|WatchList|CustomResourceDefinition Watch',
} = process.env

/** The outcome of one spec. */
export interface Spec {
  readonly name: string
  readonly outcome: 'passed' | 'failed'
  /** The reason of a failure; the empty string otherwise. */
  readonly failure: string
}

/** The used part of Ginkgo's JSON report. */
type Report = readonly {
  readonly SpecReports: readonly {
    readonly ContainerHierarchyTexts: readonly string[] | null
    readonly LeafNodeText: string
    readonly LeafNodeType: string
    readonly State: string
    readonly Failure?: { readonly Message?: string }
  }[]
}[]

/** Compiles the suite: about 14 minutes the first time on two cores, seconds later. @throws Error with the compiler's output */
export async function buildE2e(): Promise<void> {
  const args = ['test', '-c', '-vet=off', '-trimpath', '-buildvcs=false', '-mod=readonly', '-ldflags', '-s -w', '-o', binary, '.']
  const { code, output } = await run('go', args, { cwd: sources, env: { CGO_ENABLED: '0' } })
  if (code !== 0) throw new Error(`go test -c in ${sources} failed:\n${output.slice(-3000)}`)
}

/** Runs the specs, one after the other. @throws Error with the end of the output when there is no report */
export async function runE2e(kubeconfig: string): Promise<Spec[]> {
  const directory = mkdtempSync(join(tmpdir(), 'kubeflect-e2e-'))
  const report = join(directory, 'report.json')
  const flags = [
    `-kubeconfig=${kubeconfig}`,
    `-ginkgo.focus=${focus}`,
    `-ginkgo.json-report=${report}`,
    // The cluster has no nodes.
    '-allowed-not-ready-nodes=-1',
    // Protobuf alone would pass through a relay.
    '-kube-api-content-type=application/json',
  ]
  try {
    const { output } = await run(binary, flags, { cwd: directory, env: {} })
    if (!existsSync(report)) throw new Error(`the e2e suite wrote no report:\n${output.slice(-3000)}`)
    return specsIn(JSON.parse(readFileSync(report, 'utf8')) as Report)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function specsIn(report: Report): Spec[] {
  return report
    .flatMap(({ SpecReports: specs }) => specs)
    .filter(({ LeafNodeType: type, State: state }) => type === 'It' && state !== 'skipped')
    .map(({ ContainerHierarchyTexts: containers, LeafNodeText: leaf, State: state, Failure: failure }) => ({
      name: [...(containers ?? []), leaf].join(' '),
      outcome: state === 'passed' ? 'passed' : 'failed',
      failure: failure?.Message ?? '',
    }))
}

function run(
  command: string,
  args: readonly string[],
  { cwd, env }: { cwd: string; env: Readonly<Record<string, string>> },
): Promise<{ code: number | null; output: string }> {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      output += text
    })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output }))
  })
}
