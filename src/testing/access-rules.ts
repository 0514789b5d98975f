// The users of the fake server and their permissions.

import { type Resource, resourceName } from '../api/resource'
import { failure, type WireStatus } from '../watch-cache/failures'
import { selectedName } from '../watch-cache/matcher'
import type { ResourceRequest } from '../watch-cache/protocol'
import type { RequestRecord } from './request-log'
import { type ServedResource, subresourcesOf, verbsOf } from './served-resources'

/** A user of the fake server. */
export interface FakeUser {
  readonly username: string
  readonly uid?: string
  readonly groups?: readonly string[]
}

/** The requests that a rule of {@link AccessRules} covers; an omitted member matches everything. */
export interface AccessMatch {
  /** The verb: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete` or `deletecollection`. */
  readonly verb?: string
  /** The resource, such as `pods` or `deployments.apps`. */
  readonly resource?: string
  /** The subresource, such as `log`; the empty string is the object itself. */
  readonly subresource?: string
  /** The namespace; the empty string is a request across namespaces, or to a cluster-scoped resource. */
  readonly namespace?: string
  readonly name?: string
  /** The name of the user. */
  readonly username?: string
}

/** The attributes of a request for authorization; `*` matches everything; the empty string stands for no particular value. */
export interface AccessAttributes {
  readonly verb: string
  readonly group: string
  /** The plural of the resource. */
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
  /** Whether the resource is cluster-scoped, if the server knows it. */
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
 * The permissions of users: everything except what is denied. The same rules decide requests (403) and access reviews. As in
 * RBAC, a permission without a namespace or name includes all of them, so a denial for one of them also denies the general permission.
 */
export class AccessRules {
  /** The user of requests without a token of {@link AccessRules.tokens} and without impersonation. */
  user: FakeUser = { username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] }
  /** The bearer tokens and their users. While there are any, a request without one of them is answered with 401. */
  readonly tokens: Map<string, FakeUser> = new Map()
  #denied: AccessMatch[] = []

  /**
   * Denies the matching requests.
   *
   * @param match default: everything.
   * @returns a function that removes the denial.
   */
  deny(match: AccessMatch = {}): () => void {
    const rule = { ...match }
    this.#denied.push(rule)
    return () => {
      this.#denied = this.#denied.filter((other) => other !== rule)
    }
  }

  /** Removes all denials. Tokens stay. */
  clear(): void {
    this.#denied = []
  }

  /** Returns whether a user may make a request. */
  allows({ username }: FakeUser, attributes: AccessAttributes): boolean {
    return !this.#denied.some((rule) => (rule.username ?? username) === username && meets(rule, attributes))
  }

  /**
   * Returns why a request is refused; undefined when it is allowed.
   *
   * @param form a stream needs the right to create as well, and its refusal ends before the reason, as that of kube-apiserver does.
   */
  refusalOf(user: FakeUser, attributes: AccessAttributes, form: 'request' | 'stream'): WireStatus | undefined {
    if (!this.allows(user, attributes)) return forbidden(user, attributes)
    if (form === 'request' || this.allows(user, { ...attributes, verb: 'create' })) return undefined
    const { resource, name } = attributes
    return failure(403, 'Forbidden', `${resource} ${JSON.stringify(name)} is forbidden: `, { name, kind: resource })
  }

  /**
   * Returns the permissions of a user in a namespace as rules. Rules cannot express denials. When one applies, they are marked as incomplete,
   * and the client must check each of the other permissions by itself.
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

  /** Returns the user of a request; undefined for an unknown token. */
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
  const asked = resourceName({ group, plural: resource })
  return (
    covers(rule.verb, verb) &&
    (resource === '*' || covers(rule.resource, asked)) &&
    covers(rule.subresource, subresource) &&
    (covers(rule.namespace, namespace) || (namespace === '' && !isClusterScoped)) &&
    (covers(rule.name, name) || name === '')
  )
}

const covers = (wanted: string | undefined, asked: string): boolean => wanted === undefined || asked === '*' || wanted === asked

/** Returns the attributes of a request for authorization. A namespace belongs to itself, so a role in it can allow reading it. */
export function attributesOf(target: ResourceRequest, { scope }: Resource, { verb, url }: RequestRecord): AccessAttributes {
  const { group, plural, namespace, subresource } = target
  // RBAC can allow a list or watch of a single object by its name.
  const selected = selectedName(new URL(url).searchParams.get('fieldSelector') ?? '') ?? ''
  const isNamespace = group === '' && plural === 'namespaces'
  return {
    ...{ verb, group, resource: plural, subresource },
    namespace: isNamespace ? target.name : namespace,
    name: target.name || selected,
    isClusterScoped: scope === 'Cluster',
  }
}

/** Returns the Status of a 403, with kube-apiserver's wording. */
function forbidden({ username }: FakeUser, attributes: AccessAttributes): WireStatus {
  const { verb, group, resource, subresource, namespace, name } = attributes
  const what = resourceName({ group, plural: resource })
  const part = subresource ? `${resource}/${subresource}` : resource
  const where = namespace ? `in the namespace "${namespace}"` : 'at the cluster scope'
  const message = `${what}${name ? ` "${name}"` : ''} is forbidden: User "${username}" cannot ${verb} resource "${part}" in API group "${group}" ${where}`
  return failure(403, 'Forbidden', message, { ...(name && { name }), ...(group && { group }), kind: resource })
}

/** Returns the Status of a 401. */
export const unauthorized = (): WireStatus => failure(401, 'Unauthorized', 'Unauthorized')
