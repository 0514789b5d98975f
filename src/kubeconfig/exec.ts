import { literal, looseObject, nullish, safeParse, string } from 'valibot'
import type { Credential } from './credentials'
import type { ExecConfig } from './documents'
import { KubeconfigError } from './error'
import { codeOf, type Host, isMissing } from './host'

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

/**
 * Gives what runs a plugin and reads the credential it writes.
 *
 * @param signal Ends a plugin that runs.
 * @returns rejects with KubeconfigError when there is no such program (with its `installHint`), it fails, it must ask and nobody is there, or what
 * it writes is no ExecCredential.
 * @see client-go `exec.Authenticator`, KEP-541
 */
export function execReader(
  { config, owner, cluster }: ExecPlugin,
  host: Pick<Host, 'env' | 'run' | 'stdinIsTerminal'>,
  signal: AbortSignal,
): () => Promise<Credential> {
  const { command, args, apiVersion, interactiveMode, provideClusterInfo } = config
  const failure = (problem: string) => new KubeconfigError(`${owner}: the exec plugin ${JSON.stringify(command)} ${problem}`)
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
    const { code, stdout } = await host.run(command, args, { env, stdin: interactive ? 'inherit' : 'ignore', signal }).catch((error) => {
      signal.throwIfAborted()
      if (!isMissing(error)) throw failure(`cannot be run (${codeOf(error)})`)
      throw failure(`is not installed, or not on the PATH${config.installHint && `:\n${printable(config.installHint)}`}`)
    })
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
