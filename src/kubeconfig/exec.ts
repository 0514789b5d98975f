import { literal, looseObject, nullish, safeParse, string } from 'valibot'
import { abortable } from '../internal/abortable'
import type { Clock } from '../internal/clock'
import type { Credential } from './credentials'
import type { ExecConfig } from './documents'
import { KubeconfigError } from './error'
import { checkHeaderValue } from './header-value'
import { codeOf, type Host, isMissing } from './host'
import { type RunOptions, TOO_MUCH_OUTPUT } from './process'

/** What a plugin with `provideClusterInfo` is told of the cluster. */
export interface ExecCluster {
  readonly server: string
  readonly 'tls-server-name'?: string
  readonly 'insecure-skip-tls-verify'?: boolean
  /** PEM in base64. */
  readonly 'certificate-authority-data'?: string
  readonly 'proxy-url'?: string
  readonly 'disable-compression'?: boolean
  /** The cluster's extension `client.authentication.k8s.io/exec`. */
  readonly config: unknown
}

/** A plugin, and who runs it. */
export interface ExecPlugin {
  readonly config: ExecConfig
  /** What messages begin with, such as `user "admin" (~/.kube/config)`. */
  readonly owner: string
  readonly cluster: ExecCluster
}

/** The longest a plugin may take, in milliseconds: a login in a browser takes minutes. */
const MAX_RUN_MS = 300_000
/** The most it may write to standard output, in bytes; a credential takes a few thousand. */
const MAX_OUTPUT_BYTES = 1024 * 1024
/** The most of its standard error that is passed on, in bytes. */
const MAX_ERROR_BYTES = 64 * 1024

/**
 * Gives what runs a plugin and reads the credential it writes.
 *
 * @param signal Kills a plugin that runs.
 * @returns rejects with KubeconfigError when there is no such program (with its `installHint`); when it fails, takes longer than five minutes or writes
 * more than 1 MiB (it is killed then); when it must ask and there is no terminal; when what it writes is not an ExecCredential.
 * @see client-go `exec.Authenticator`, KEP-541
 */
export function execReader(
  { config, owner, cluster }: ExecPlugin,
  host: Pick<Host, 'env' | 'run' | 'stdinIsTerminal'>,
  { signal, clock }: { signal: AbortSignal; clock: Clock },
): () => Promise<Credential> {
  const { command, args, apiVersion, interactiveMode, provideClusterInfo } = config
  const failure = (problem: string) => new KubeconfigError(`${owner}: the exec plugin ${JSON.stringify(command)} ${problem}`)
  const run = async (options: Pick<RunOptions, 'env' | 'stdin'>) => {
    const late = new AbortController()
    const timer = clock.setTimeout(() => late.abort(failure(`did not end within ${MAX_RUN_MS / 1000} s, and was killed`)), MAX_RUN_MS)
    const either = AbortSignal.any([signal, late.signal])
    const bounds = { maxOutputBytes: MAX_OUTPUT_BYTES, maxErrorBytes: MAX_ERROR_BYTES }
    try {
      return await abortable(host.run(command, args, { ...options, ...bounds, signal: either }), either)
    } catch (error) {
      either.throwIfAborted()
      if (codeOf(error) === TOO_MUCH_OUTPUT) throw failure(`wrote more than ${MAX_OUTPUT_BYTES} bytes to standard output, and was killed`)
      if (!isMissing(error)) throw failure(`cannot be run (${codeOf(error)})`)
      throw failure(`is not installed, or not on the PATH${config.installHint && `:\n${printable(config.installHint)}`}`)
    } finally {
      clock.clearTimeout(timer)
    }
  }
  return async () => {
    if (interactiveMode === 'Always' && !host.stdinIsTerminal)
      throw failure('must be able to ask (interactiveMode: Always), and standard input is not a terminal; run this in one')
    const interactive = interactiveMode !== 'Never' && host.stdinIsTerminal
    const spec = { ...(provideClusterInfo && { cluster }), interactive }
    const env = {
      ...host.env,
      ...Object.fromEntries(config.env.map(({ name, value }) => [name, value])),
      KUBERNETES_EXEC_INFO: JSON.stringify({ kind: 'ExecCredential', apiVersion, spec }),
    }
    const { code, stdout } = await run({ env, stdin: interactive ? 'inherit' : 'ignore' })
    if (code !== 0) throw failure(code === null ? 'was killed' : `failed with exit code ${code}; it says why on standard error`)
    return credentialOf(stdout, apiVersion, failure)
  }
}

const text = nullish(string(), '')
const statusSchema = looseObject({ token: text, clientCertificateData: text, clientKeyData: text, expirationTimestamp: text })

function credentialOf(stdout: string, apiVersion: string, failure: (problem: string) => KubeconfigError): Credential {
  const schema = looseObject({ kind: literal('ExecCredential'), apiVersion: literal(apiVersion), status: statusSchema })
  const result = safeParse(schema, parseJson(stdout))
  // What it wrote is not quoted, and is not the cause: half of a credential is a secret, too.
  if (!result.success) {
    const field = result.issues[0].path?.map(({ key }) => key).join('.')
    throw failure(`did not write an ExecCredential of ${apiVersion} to standard output${field ? `: ${field} is not as it must be` : ''}`)
  }
  const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = result.output.status
  if (!token && !cert && !key) throw failure('gave neither a token nor a certificate')
  if (token) checkHeaderValue(token, failure('gave a token that').message)
  if (!cert !== !key) throw failure('gave only one of certificate and key')
  const expiresAt = expirationTimestamp ? Date.parse(expirationTimestamp) : undefined
  if (Number.isNaN(expiresAt)) throw failure('gave an expirationTimestamp that is no time')
  return { token: token || undefined, certificate: cert ? { cert, key } : undefined, expiresAt }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Without what could do something to a terminal. */
function printable(text: string): string {
  return text.replace(/(?!\s)\p{C}/gu, '')
}
