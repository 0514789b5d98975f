// Authorization: whose rights decide about a request.

import { checkHeaderValue } from '../http/header-value'
import type { ReadAttributes } from './route'

/** The authenticated user of a request, for {@link impersonation}. */
export interface RelayUser {
  readonly user: string
  readonly groups?: readonly string[] | undefined
  readonly uid?: string | undefined
  readonly extra?: Readonly<Record<string, readonly string[]>> | undefined
}

/** A request's caller: the headers that identify it to the API server, and the review of a read. */
export interface Caller {
  /** The headers for the API server. They also identify the caller in the memory of reviews, where only a hash of them is kept. */
  readonly credentials: readonly (readonly [name: string, value: string])[]
  /** The path and body of the review of a read. */
  review(attributes: ReadAttributes): { readonly path: string; readonly body: object }
}

/** Whose rights decide about the requests to a relay: {@link selfReviews} or {@link impersonation}. */
export interface Authorization {
  /** The credentials that go to the API server: those of the caller, or the relay's with the caller's identity. */
  readonly sendsAs: 'caller' | 'relay'
  /** Identifies the caller of a request; undefined for a request that is not authenticated. */
  identify(request: Request): Promise<Caller | undefined>
}

const API = 'authorization.k8s.io/v1'

/**
 * Reviews each cached read with the caller's own credential: its `Authorization` and `Impersonate-*` headers go to the API server with one
 * SelfSubjectAccessReview. What is passed on carries them unchanged. The default.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access
 */
export function selfReviews(): Authorization {
  return {
    sendsAs: 'caller',
    async identify({ headers }) {
      const credentials = [...headers].filter(([name]) => isCredential(name))
      return {
        credentials,
        review: (attributes) => ({
          path: `apis/${API}/selfsubjectaccessreviews`,
          body: { kind: 'SelfSubjectAccessReview', apiVersion: API, spec: { resourceAttributes: resourceAttributes(attributes) } },
        }),
      }
    },
  }
}

/** Options of {@link impersonation}. */
export interface ImpersonationOptions {
  /** Returns the user of a request; undefined makes the answer a 401. Must not trust what the request says about its user unchecked. */
  readonly authenticate: (request: Request) => RelayUser | undefined | Promise<RelayUser | undefined>
}

/**
 * Acts for users whom the application authenticates, with the relay's own credential, which must be allowed to impersonate them and to
 * create SubjectAccessReviews. The `Authorization` and `Impersonate-*` headers of a request never reach the API server. Requests of a user
 * with several groups are answered from caches only: `fetch` cannot repeat the header that names a group, so passing one on is refused.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
 */
export function impersonation({ authenticate }: ImpersonationOptions): Authorization {
  return {
    sendsAs: 'relay',
    async identify(request) {
      const user = await authenticate(request)
      return user && impersonated(user)
    },
  }
}

function impersonated({ user, groups = [], uid, extra = {} }: RelayUser): Caller {
  const value = (text: string, what: string) => checkHeaderValue(text, `impersonation: ${what} of the authenticated user`)
  const credentials: [string, string][] = [['impersonate-user', value(user, 'the name')]]
  for (const group of groups) credentials.push(['impersonate-group', value(group, 'a group')])
  if (uid !== undefined) credentials.push(['impersonate-uid', value(uid, 'the uid')])
  for (const [key, values] of Object.entries(extra))
    for (const each of values)
      credentials.push([`impersonate-extra-${encodeURIComponent(key).toLowerCase()}`, value(each, 'an extra value')])
  return {
    credentials,
    review: (attributes) => ({
      path: `apis/${API}/subjectaccessreviews`,
      body: {
        kind: 'SubjectAccessReview',
        apiVersion: API,
        spec: { user, groups: groups.length > 0 ? groups : undefined, uid, extra, resourceAttributes: resourceAttributes(attributes) },
      },
    }),
  }
}

/** Whether a header carries a credential or an identity. */
export const isCredential = (name: string): boolean => name === 'authorization' || name.startsWith('impersonate-')

/** Returns the headers that are sent more than once, which `fetch` cannot do. */
export function repeatedHeaders({ credentials }: Pick<Caller, 'credentials'>): string[] {
  const names = credentials.map(([name]) => name)
  return [...new Set(names.filter((name, at) => names.indexOf(name) !== at))]
}

/** Leaves out the members that are empty. Selectors are for API servers since 1.34 (KEP-4601); others ignore them. */
function resourceAttributes({ labelSelector, fieldSelector, ...attributes }: ReadAttributes): object {
  return {
    ...Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== '')),
    ...(labelSelector && { labelSelector: { rawSelector: labelSelector } }),
    ...(fieldSelector && { fieldSelector: { rawSelector: fieldSelector } }),
  }
}
