import type { Resource } from '../meta/resource'
import { failure, type WireStatus } from '../watch-cache/failures'
import type { ResourceRequest } from '../watch-cache/protocol'
import type { RequestRecord } from './request-log'
import { type ServedResource, subresourcesOf, verbsOf } from './served-resources'

/** Someone who sends requests. */
export interface FakeUser {
  readonly username: string
  readonly uid?: string
  readonly groups?: readonly string[]
}

/** What a rule of {@link AccessRules} is about; a member that is left out stands for everything. */
export interface AccessMatch {
  /** Such as `get`, `list`, `watch`, `create`, `update`, `patch`, `delete` or `deletecollection`. */
  readonly verb?: string
  /** Such as `pods` or `deployments.apps`. */
  readonly resource?: string
  /** Such as `log`; the empty string: the object itself. */
  readonly subresource?: string
  /** The empty string: requests across namespaces, and cluster-scoped resources. */
  readonly namespace?: string
  readonly name?: string
  /** The user's name. */
  readonly username?: string
}

/** What somebody wants to do; `*` stands for everything, and an empty string says that no single one is meant. */
export interface AccessAttributes {
  readonly verb: string
  readonly group: string
  /** The plural. */
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
  /** Whether the resource is cluster-scoped, as far as the server knows it. */
  readonly isClusterScoped: boolean
}

/** One of the `resourceRules` of a SelfSubjectRulesReview. */
interface ResourceRule {
  readonly verbs: readonly string[]
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
}

const EVERYTHING: ResourceRule = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] }

/**
 * What users may do at a fake server: everything, less what is denied. Requests are answered with 403, and access reviews are answered, by
 * the same rules. As in RBAC, a right that is not limited to a namespace or a name includes each of them: to deny one denies the unlimited
 * right too.
 */
export class AccessRules {
  /** Who sends the requests that carry no token of {@link AccessRules.tokens}, and impersonate nobody. */
  user: FakeUser = { username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] }
  /** Who has which bearer token. While there are any, a request without one of them is answered with 401. */
  readonly tokens: Map<string, FakeUser> = new Map()
  #denied: AccessMatch[] = []

  /**
   * Denies what matches.
   *
   * @param match default everything.
   * @returns a function that allows it again.
   */
  deny(match: AccessMatch = {}): () => void {
    const rule = { ...match }
    this.#denied.push(rule)
    return () => {
      this.#denied = this.#denied.filter((other) => other !== rule)
    }
  }

  /** Allows everything again. Tokens stay. */
  clear(): void {
    this.#denied = []
  }

  /** Whether a user may do something. */
  allows({ username }: FakeUser, attributes: AccessAttributes): boolean {
    return !this.#denied.some((rule) => (rule.username ?? username) === username && meets(rule, attributes))
  }

  /**
   * What a user may do in a namespace, as rules. Such rules cannot say what is denied: where something is, they are marked as incomplete,
   * and what they do not allow has to be asked.
   */
  rulesIn(user: FakeUser, namespace: string, served: readonly ServedResource[]): { rules: ResourceRule[]; incomplete: boolean } {
    if (!this.#denied.some(({ username = user.username }) => username === user.username)) return { rules: [EVERYTHING], incomplete: false }
    const rules = served.flatMap((entry) => {
      const { group, plural, scope } = entry.resource
      const parts = [{ name: '', verbs: verbsOf(entry) }, ...subresourcesOf(entry)]
      return parts.flatMap(({ name: subresource, verbs }) => {
        const at = { group, resource: plural, subresource, namespace, name: '', isClusterScoped: scope === 'Cluster' }
        const allowed = verbs.filter((verb) => this.allows(user, { ...at, verb }))
        const resources = [subresource ? `${plural}/${subresource}` : plural]
        return allowed.length > 0 ? [{ verbs: allowed, apiGroups: [group], resources }] : []
      })
    })
    return { rules, incomplete: true }
  }

  /** Who sends a request; undefined: the server does not know the token. */
  userOf(headers: Headers): FakeUser | undefined {
    const impersonated = headers.get('impersonate-user')
    const [, token = ''] = /^bearer\s+(\S+)/i.exec(headers.get('authorization') ?? '') ?? []
    const user = this.tokens.size > 0 ? this.tokens.get(token) : this.user
    if (!user || !impersonated) return user
    const group = headers.get('impersonate-group')
    return { username: impersonated, groups: [...(group ? [group] : []), 'system:authenticated'] }
  }
}

function meets(rule: AccessMatch, { verb, group, resource, subresource, namespace, name, isClusterScoped }: AccessAttributes): boolean {
  const asked = group ? `${resource}.${group}` : resource
  return (
    covers(rule.verb, verb) &&
    (resource === '*' || covers(rule.resource, asked)) &&
    covers(rule.subresource, subresource) &&
    (covers(rule.namespace, namespace) || (namespace === '' && !isClusterScoped)) &&
    (covers(rule.name, name) || name === '')
  )
}

const covers = (wanted: string | undefined, asked: string): boolean => wanted === undefined || asked === '*' || wanted === asked

/** What a request wants to do, as an authorizer sees it. A namespace is in itself: a role in it can allow to read it. */
export function attributesOf(target: ResourceRequest, { scope }: Resource, { verb, url }: RequestRecord): AccessAttributes {
  const { group, plural, namespace, subresource } = target
  // A list or watch of one object by its name can be allowed for that name.
  const [, selected = ''] = /^metadata\.name==?([^,]+)$/.exec(new URL(url).searchParams.get('fieldSelector') ?? '') ?? []
  const isNamespace = group === '' && plural === 'namespaces'
  return {
    ...{ verb, group, resource: plural, subresource },
    namespace: isNamespace ? target.name : namespace,
    name: target.name || selected,
    isClusterScoped: scope === 'Cluster',
  }
}

/** HTTP 403, in kube-apiserver's words. */
export function forbidden({ username }: FakeUser, attributes: AccessAttributes): WireStatus {
  const { verb, group, resource, subresource, namespace, name } = attributes
  const what = group ? `${resource}.${group}` : resource
  const part = subresource ? `${resource}/${subresource}` : resource
  const where = namespace ? `in the namespace "${namespace}"` : 'at the cluster scope'
  const message = `${what}${name ? ` "${name}"` : ''} is forbidden: User "${username}" cannot ${verb} resource "${part}" in API group "${group}" ${where}`
  return failure(403, 'Forbidden', message, { ...(name && { name }), ...(group && { group }), kind: resource })
}

/** HTTP 401. */
export const unauthorized = (): WireStatus => failure(401, 'Unauthorized', 'Unauthorized')
