// Runs exec plugins and reads the credentials they print (client.authentication.k8s.io).

import { literal, looseObject, nullish, safeParse, string } from 'valibot'
import { abortable } from '../internal/abortable'
import type { Clock } from '../internal/clock'
import { deadline } from '../internal/deadline'
import type { Credential } from './credentials'
import type { ExecConfig } from './documents'
import { KubeconfigError } from './error'
import { checkHeaderValue } from './header-value'
import { codeOf, type Host, isMissing } from './host'
import { type RunOptions, TOO_MUCH_OUTPUT } from './process'

/** The cluster information for a plugin with `provideClusterInfo`. */
export interface ExecCluster {
  readonly server: string
  readonly 'tls-server-name'?: string
  readonly 'insecure-skip-tls-verify'?: boolean
  /** The certificate authorities, PEM in base64. */
  readonly 'certificate-authority-data'?: string
  readonly 'proxy-url'?: string
  readonly 'disable-compression'?: boolean
  /** The cluster's extension `client.authentication.k8s.io/exec`. */
  readonly config: unknown
}

/** A plugin with its owner. */
export interface ExecPlugin {
  readonly config: ExecConfig
  /** The owner as it appears in messages, such as `user "admin" (~/.kube/config)`. */
  readonly owner: string
  readonly cluster: ExecCluster
}

/** The maximum run time of a plugin, in milliseconds; a login in a browser takes minutes. */
const MAX_RUN_MS = 300_000
/** The maximum length of standard output, in bytes; a credential has a few thousand. */
const MAX_OUTPUT_BYTES = 1024 * 1024
/** The maximum length of standard error that is passed on, in bytes. */
const MAX_ERROR_BYTES = 64 * 1024

/**
 * Creates a reader that runs a plugin and parses the credential it prints.
 *
 * @param signal kills a running plugin when it is aborted.
 * @returns a function that rejects with KubeconfigError when the program does not exist (the message includes its `installHint`), fails,
 *   runs longer than five minutes or writes more than 1 MiB (it is killed then), needs to prompt without a terminal, or does not print an
 *   ExecCredential.
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
    const late = deadline(MAX_RUN_MS, () => failure(`was killed because it ran longer than ${MAX_RUN_MS / 1000} s`), clock)
    const either = AbortSignal.any([signal, late.signal])
    const bounds = { maxOutputBytes: MAX_OUTPUT_BYTES, maxErrorBytes: MAX_ERROR_BYTES }
    try {
      return await abortable(host.run(command, args, { ...options, ...bounds, signal: either }), either)
    } catch (error) {
      either.throwIfAborted()
      if (codeOf(error) === TOO_MUCH_OUTPUT)
        throw failure(`was killed because it wrote more than ${MAX_OUTPUT_BYTES} bytes to standard output`)
      if (!isMissing(error)) throw failure(`cannot be run (${codeOf(error)})`)
      throw failure(`is not installed, or not on the PATH${config.installHint && `:\n${printable(config.installHint)}`}`)
    } finally {
      late.clear()
    }
  }
  return async () => {
    if (interactiveMode === 'Always' && !host.stdinIsTerminal)
      throw failure('needs a terminal to prompt (interactiveMode: Always), but standard input is not one; run this in a terminal')
    const interactive = interactiveMode !== 'Never' && host.stdinIsTerminal
    const spec = { ...(provideClusterInfo && { cluster }), interactive }
    const env = {
      ...host.env,
      ...Object.fromEntries(config.env.map(({ name, value }) => [name, value])),
      KUBERNETES_EXEC_INFO: JSON.stringify({ kind: 'ExecCredential', apiVersion, spec }),
    }
    const { code, stdout } = await run({ env, stdin: interactive ? 'inherit' : 'ignore' })
    if (code !== 0) throw failure(code === null ? 'was killed' : `failed with exit code ${code}; see its standard error for the reason`)
    return credentialOf(stdout, apiVersion, failure)
  }
}

const text = nullish(string(), '')
const statusSchema = looseObject({ token: text, clientCertificateData: text, clientKeyData: text, expirationTimestamp: text })

function credentialOf(stdout: string, apiVersion: string, failure: (problem: string) => KubeconfigError): Credential {
  const schema = looseObject({ kind: literal('ExecCredential'), apiVersion: literal(apiVersion), status: statusSchema })
  const result = safeParse(schema, parseJson(stdout))
  // Neither quote the output nor attach it as the cause: even a part of a credential is a secret.
  if (!result.success) {
    const field = result.issues[0].path?.map(({ key }) => key).join('.')
    throw failure(`did not write an ExecCredential of ${apiVersion} to standard output${field ? `: ${field} is invalid` : ''}`)
  }
  const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = result.output.status
  if (!token && !cert && !key) throw failure('returned neither a token nor a certificate')
  if (token) checkHeaderValue(token, failure('returned a token that').message)
  if (!cert !== !key) throw failure('returned a certificate without a key, or a key without a certificate')
  const expiresAt = expirationTimestamp ? Date.parse(expirationTimestamp) : undefined
  if (Number.isNaN(expiresAt)) throw failure('returned an expirationTimestamp that is not a time')
  return { token: token || undefined, certificate: cert ? { cert, key } : undefined, expiresAt }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Removes the control characters that could affect a terminal. */
function printable(text: string): string {
  return text.replace(/(?!\s)\p{C}/gu, '')
}
