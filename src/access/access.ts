import { abortable } from '../internal/abortable'
import { type Clock, systemClock } from '../internal/clock'
import { Opaque } from '../internal/opaque'
import { type Resource, resourcePath } from '../meta/resource'
import type { RequestOptions } from '../meta/wire'
import { readJson } from '../transport/json'
import type { Requester } from '../transport/requester'
import { type ResourceRule, resourceRulesOf, rulesAllow } from './rules'

/** How an {@link Access} remembers. */
export interface AccessOptions {
  /** How long an answer counts, a denial too, in milliseconds; default 60,000. */
  ttlMs?: number | undefined
  /** Time, for tests. */
  clock?: Clock | undefined
}

/** What {@link Access.can} is asked about, besides verb and resource. */
export interface AccessQuery extends Pick<RequestOptions, 'signal'> {
  /** Left out for a namespaced resource: in all namespaces. */
  namespace?: string | undefined
  /** One object; left out: any. */
  name?: string | undefined
  /** Such as `scale`, `log` or `exec`. */
  subresource?: string | undefined
}

interface Rules {
  readonly resourceRules: readonly ResourceRule[]
  readonly incomplete: boolean
}

const API = 'authorization.k8s.io'

/**
 * Knows what the user may do, for buttons that are to be there only when they work. In a namespace one request answers every question
 * (SelfSubjectRulesReview); where that is not the last word, since some authorizer cannot list its rules, and for the whole cluster, the question itself is
 * asked (SelfSubjectAccessReview). Questions asked at the same time share their requests. Whether a request is really allowed, the server decides when
 * it comes.
 *
 * @example
 * ```ts
 * const access = new Access(client)
 * if (await access.can('delete', Pod, { namespace: 'shop' })) showDelete()
 * ```
 * @see {@link https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access}
 */
export class Access extends Opaque {
  readonly #client: Requester
  readonly #ttlMs: number
  readonly #clock: Clock
  readonly #known = new Map<string, { readonly answer: Promise<unknown>; readonly until: number }>()

  /** @param client a `KubeClient`: whose rights they are. */
  constructor(client: Requester, { ttlMs = 60_000, clock = systemClock }: AccessOptions = {}) {
    super()
    this.#client = client
    this.#ttlMs = ttlMs
    this.#clock = clock
  }

  /**
   * Whether the user may do something.
   *
   * @param verb such as `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`, `impersonate`.
   * @throws TypeError when a namespace is given for a cluster-scoped resource; ApiError, ConnectionError, ParseError when the server cannot be
   *   asked, which is not remembered; the signal's reason.
   */
  async can(verb: string, resource: Resource, { namespace = '', name = '', subresource = '', signal }: AccessQuery = {}): Promise<boolean> {
    resourcePath(resource, { namespace })
    const { group, version, plural } = resource
    if (namespace) {
      const { resourceRules, incomplete } = await abortable(this.#rules(namespace), signal)
      if (rulesAllow(resourceRules, { verb, group, resource: plural, subresource, name })) return true
      if (!incomplete) return false
    }
    const attributes = { namespace: namespace || ownNamespace(resource, name), verb, group, version, resource: plural, subresource, name }
    return abortable(this.#review(attributes), signal)
  }

  /** Forgets every answer: the user has changed, or was given rights. */
  clear(): void {
    this.#known.clear()
  }

  #rules(namespace: string): Promise<Rules> {
    return this.#once(namespace, async () => {
      const { resourceRules, incomplete } = await this.#ask('SelfSubjectRulesReview', { namespace })
      // What cannot be read as rules is no last word: the question itself is asked.
      return { resourceRules: resourceRulesOf(resourceRules), incomplete: incomplete === true || !isListOrAbsent(resourceRules) }
    })
  }

  #review(resourceAttributes: object): Promise<boolean> {
    return this.#once(JSON.stringify(resourceAttributes), async () => {
      const { allowed } = await this.#ask('SelfSubjectAccessReview', { resourceAttributes })
      return allowed === true
    })
  }

  async #ask(kind: string, spec: object): Promise<Readonly<Record<string, unknown>>> {
    const path = `apis/${API}/v1/${kind.toLowerCase()}s`
    const body = JSON.stringify({ kind, apiVersion: `${API}/v1`, spec })
    const response = await this.#client.request({ path, method: 'POST', headers: { 'content-type': 'application/json' }, body })
    const review = await readJson<{ status?: unknown }>(response, { method: 'POST', url: `${this.#client.baseUrl}/${path}` }, {})
    const { status } = review
    return typeof status === 'object' && status !== null ? (status as Record<string, unknown>) : {}
  }

  /** One request for all who ask while the answer counts. It is nobody's own: who goes away does not end it for the others. */
  #once<V>(key: string, ask: () => Promise<V>): Promise<V> {
    const now = this.#clock.now()
    // The oldest come first.
    for (const [old, { until }] of this.#known) {
      if (until > now) break
      this.#known.delete(old)
    }
    const known = this.#known.get(key)
    if (known) return known.answer as Promise<V>
    const answer = ask()
    this.#known.set(key, { answer, until: now + this.#ttlMs })
    answer.catch(() => {
      if (this.#known.get(key)?.answer === answer) this.#known.delete(key)
    })
    return answer
  }
}

const isListOrAbsent = (value: unknown): boolean => value === undefined || value === null || Array.isArray(value)

/** To the server a namespace is in itself: a role in it can allow to read it. */
function ownNamespace({ group, plural }: Resource, name: string): string {
  return group === '' && plural === 'namespaces' ? name : ''
}
