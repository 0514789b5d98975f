// Checks the permissions of the user with cached access reviews.

import type { RequestOptions } from '../api/options'
import { type Resource, resourcePath } from '../api/resource'
import { membersOf } from '../codec/envelopes'
import { requestJson } from '../http/json'
import type { Requester } from '../http/requester'
import { abortable } from '../internal/abortable'
import { type Clock, systemClock } from '../internal/clock'
import { Opaque } from '../internal/opaque'
import type { Seams } from '../internal/seams'
import { type ResourceRule, resourceRulesOf, rulesAllow } from './rules'

/** Options of {@link Access}. */
export interface AccessOptions extends Pick<Seams, 'clock'> {
  /** The lifetime of an answer, including a denial, in milliseconds; default 60,000. */
  ttlMs?: number | undefined
}

/** The details of a question to {@link Access.can}. */
export interface AccessQuery extends Pick<RequestOptions, 'signal'> {
  /** The namespace. Default for a namespaced resource: all namespaces. */
  namespace?: string | undefined
  /** The name of one object. Default: any object. */
  name?: string | undefined
  /** The subresource, such as `scale`, `log` or `exec`. */
  subresource?: string | undefined
}

interface Rules {
  readonly resourceRules: readonly ResourceRule[]
  readonly incomplete: boolean
}

const API = 'authorization.k8s.io'

/**
 * Checks the permissions of the user, so that a UI can hide the buttons that would fail. One SelfSubjectRulesReview answers every
 * question about a namespace. When an authorizer cannot list its rules, and for questions about the whole cluster, each question is a
 * SelfSubjectAccessReview. Concurrent questions share their requests. The answers are hints: the server checks every request itself.
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

  /** @param client a `KubeClient` with the credentials of the user. */
  constructor(client: Requester, { ttlMs = 60_000, clock = systemClock }: AccessOptions = {}) {
    super()
    this.#client = client
    this.#ttlMs = ttlMs
    this.#clock = clock
  }

  /**
   * Returns whether the user may perform a verb on a resource.
   *
   * @param verb such as `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`, `impersonate`.
   * @throws TypeError when a namespace is given for a cluster-scoped resource; ApiError, ConnectionError or ParseError when the review fails,
   *   which is not cached; the reason of the signal.
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

  /** Discards the cached answers. Call it when the user or the user's permissions have changed. */
  clear(): void {
    this.#known.clear()
  }

  #rules(namespace: string): Promise<Rules> {
    return this.#once(namespace, async () => {
      const { resourceRules, incomplete } = await this.#ask('SelfSubjectRulesReview', { namespace })
      // Rules that cannot be read do not decide: ask the question itself.
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
    const headers = { 'content-type': 'application/json' }
    const { status } = await requestJson<{ status?: unknown }>(this.#client, { path, method: 'POST', headers, body })
    return membersOf(status)
  }

  /** Shares one request between all callers while its answer is valid. A caller that aborts does not cancel it for the others. */
  #once<V>(key: string, ask: () => Promise<V>): Promise<V> {
    const now = this.#clock.now()
    // A Map iterates in insertion order, so the oldest come first.
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

/**
 * Returns the namespace of a question about a namespace. The server authorizes reading a namespace within that namespace, so a role in it
 * can allow it.
 */
function ownNamespace({ group, plural }: Resource, name: string): string {
  return group === '' && plural === 'namespaces' ? name : ''
}
