// Checks one kubeconfig file and turns it into data. As in Go, an absent or null field has its zero value: '' or false.
// Messages never contain values, because any of them may be a secret.

import { array, boolean, type GenericSchema, literal, looseObject, nullish, parse, record, safeParse, string, unknown } from 'valibot'
import { KubeconfigError } from './error'

/** A cluster entry, with the file's field names. */
export interface Cluster {
  server: string
  'tls-server-name': string
  'insecure-skip-tls-verify': boolean
  'certificate-authority': string
  'certificate-authority-data': string
  'proxy-url': string
  'disable-compression': boolean
  extensions: readonly { name: string; extension?: unknown }[]
}

/** An exec plugin entry: a program that prints credentials. */
export interface ExecConfig {
  command: string
  args: readonly string[]
  env: readonly { name: string; value: string }[]
  apiVersion: string
  installHint: string
  provideClusterInfo: boolean
  interactiveMode: string
}

/** A user entry. */
export interface User {
  'client-certificate': string
  'client-certificate-data': string
  'client-key': string
  'client-key-data': string
  token: string
  tokenFile: string
  as: string
  'as-uid': string
  'as-groups': readonly string[]
  'as-user-extra': Readonly<Record<string, readonly string[]>>
  username: string
  password: string
  'auth-provider'?: { name: string } | null | undefined
  exec?: ExecConfig | null | undefined
}

/** A context entry: a cluster, a user and a namespace. */
export interface Context {
  cluster: string
  user: string
  namespace: string
}

/** The content of one kubeconfig file. Paths are kept as written. */
export interface KubeconfigFile {
  'current-context': string
  clusters: readonly { name: string; cluster: Cluster }[]
  users: readonly { name: string; user: User }[]
  contexts: readonly { name: string; context: Context }[]
}

const text = nullish(string(), '')
const flag = nullish(boolean(), false)
const texts = nullish(array(text), [])
/** A list schema that, as in Go, turns a null item into an empty one. */
const listOf = <T>(item: GenericSchema<unknown, T>): GenericSchema<unknown, T[]> =>
  nullish(array(nullish(item, {})), []) as GenericSchema<unknown, T[]>

const clusterSchema: GenericSchema<unknown, Cluster> = looseObject({
  server: text,
  'tls-server-name': text,
  'insecure-skip-tls-verify': flag,
  'certificate-authority': text,
  'certificate-authority-data': text,
  'proxy-url': text,
  'disable-compression': flag,
  extensions: listOf(looseObject({ name: text, extension: nullish(unknown()) })),
})

const execSchema: GenericSchema<unknown, ExecConfig> = looseObject({
  command: text,
  args: texts,
  env: listOf(looseObject({ name: text, value: text })),
  apiVersion: text,
  installHint: text,
  provideClusterInfo: flag,
  interactiveMode: text,
})

const userSchema: GenericSchema<unknown, User> = looseObject({
  'client-certificate': text,
  'client-certificate-data': text,
  'client-key': text,
  'client-key-data': text,
  token: text,
  tokenFile: text,
  as: text,
  'as-uid': text,
  'as-groups': texts,
  'as-user-extra': nullish(record(string(), texts), {}),
  username: text,
  password: text,
  'auth-provider': nullish(looseObject({ name: text })),
  exec: nullish(execSchema),
})

/** Returns the user of a context that names none. */
export const anonymousUser = (): User => parse(userSchema, {})

const contextSchema: GenericSchema<unknown, Context> = looseObject({ cluster: text, user: text, namespace: text })

const fileSchema: GenericSchema<unknown, KubeconfigFile> = looseObject({
  apiVersion: nullish(literal('v1')),
  kind: nullish(literal('Config')),
  'current-context': text,
  clusters: listOf(looseObject({ name: text, cluster: nullish(clusterSchema, {}) })),
  users: listOf(looseObject({ name: text, user: nullish(userSchema, {}) })),
  contexts: listOf(looseObject({ name: text, context: nullish(contextSchema, {}) })),
})

/**
 * Checks the parsed content of a kubeconfig file. An empty file is an empty kubeconfig.
 *
 * @param file the name of the file in messages.
 * @throws KubeconfigError naming file, entry and field.
 * @see client-go `clientcmd.Load`
 */
export function checkKubeconfig(document: unknown, file: string): KubeconfigFile {
  const result = parseFile(document ?? {}, file)
  if (!result.success) {
    const problems = result.issues.map(({ path, expected, kind, type }) => {
      const wanted = kind === 'schema' ? kinds[type] : undefined
      return `${placeOf(path?.map(({ key }) => key) ?? [], document)} must be ${wanted ?? expected}`
    })
    throw new KubeconfigError(`${file}: ${enumerated(problems, '; ')}`)
  }
  for (const [list, entries] of Object.entries({
    clusters: result.output.clusters,
    users: result.output.users,
    contexts: result.output.contexts,
  })) {
    const names = new Set<string>()
    for (const { name } of entries) {
      if (names.has(name)) throw new KubeconfigError(`${file}: ${list} has ${JSON.stringify(name)} twice; rename one of them`)
      names.add(name)
    }
  }
  return result.output
}

/** The maximum number of problems or names in one message. */
const MAX_LISTED = 20

/** Joins the parts of a message and truncates a long enumeration. */
export function enumerated(parts: readonly string[], separator = ', '): string {
  const listed = parts.slice(0, MAX_LISTED).join(separator)
  return parts.length > MAX_LISTED ? `${listed}${separator}and ${parts.length - MAX_LISTED} more` : listed
}

const kinds: Readonly<Record<string, string>> = {
  string: 'a string (quote it)',
  boolean: 'true or false',
  array: 'a list',
  loose_object: 'a map',
  record: 'a map',
}

/** @throws KubeconfigError when the document is nested so deeply that it cannot be checked. */
function parseFile(document: unknown, file: string) {
  try {
    return safeParse(fileSchema, document)
  } catch {
    throw new KubeconfigError(`${file}: the document is nested too deeply`)
  }
}

/** Returns the place of a problem, such as `users "admin": exec.args.0`. An entry appears by its name instead of its index. */
function placeOf(path: readonly unknown[], document: unknown): string {
  const [list, index, , ...field] = path
  if (typeof index !== 'number') return path.length > 0 ? path.join('.') : 'a kubeconfig'
  const name = (document as Record<string, { name?: unknown }[]>)[String(list)]?.[index]?.name
  const entry = `${String(list)} ${typeof name === 'string' ? JSON.stringify(name) : `[${index}]`}`
  const where = field.length > 0 ? field : path.slice(2)
  return where.length > 0 ? `${entry}: ${where.join('.')}` : entry
}
