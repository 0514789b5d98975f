// Answers access and token reviews.

import type { KubeObject } from '../api/object'
import { apiVersionOf, defineResource } from '../api/resource'
import { badRequest, type FieldFailure, invalid, methodNotAllowed, type WireStatus } from '../watch-cache/failures'
import { errorResponse, jsonResponse, type ResourceRequest, statusResponse } from '../watch-cache/protocol'
import type { AccessAttributes, AccessRules, FakeUser } from './access-rules'
import { isJsonObject, type JsonObject } from './json'
import { answer, asObject, mediaTypeOf, readObject } from './request-body'
import { PROTOBUF, readReview } from './review-protobuf'
import { typeProblem } from './rules'
import type { ServedResource } from './served-resources'

const AUTHORIZATION = 'authorization.k8s.io'
const AUTHENTICATION = 'authentication.k8s.io'

/** The review resources, which report users and their permissions and store nothing. */
export const reviewResources: readonly ServedResource[] = [
  review(AUTHORIZATION, 'LocalSubjectAccessReview', 'Namespaced'),
  review(AUTHORIZATION, 'SelfSubjectAccessReview', 'Cluster'),
  review(AUTHORIZATION, 'SelfSubjectRulesReview', 'Cluster'),
  review(AUTHORIZATION, 'SubjectAccessReview', 'Cluster'),
  review(AUTHENTICATION, 'SelfSubjectReview', 'Cluster'),
  review(AUTHENTICATION, 'TokenReview', 'Cluster'),
]

function review(group: string, kind: string, scope: 'Namespaced' | 'Cluster'): ServedResource {
  return {
    resource: defineResource({ group, version: 'v1', plural: `${kind.toLowerCase()}s`, kind, scope }),
    verbs: ['create'],
    builtIn: true,
  }
}

/** The data needed to answer a review. */
export interface ReviewContext {
  readonly access: AccessRules
  /** The user that sends the review. */
  readonly user: FakeUser
  readonly served: readonly ServedResource[]
  /** The server's time, RFC 3339. */
  readonly now: string
}

/** Answers a review; undefined when the path does not name one. */
export async function serveReview(target: ResourceRequest, request: Request, context: ReviewContext): Promise<Response | undefined> {
  const { group, version, plural, name, namespace } = target
  const found = reviewResources.find(
    ({ resource }) => resource.group === group && resource.version === version && resource.plural === plural,
  )
  if (!found || name || (namespace && found.resource.scope === 'Cluster')) return undefined
  const { resource } = found
  if (request.method !== 'POST' || (resource.scope === 'Namespaced' && !namespace)) return statusResponse(methodNotAllowed())
  try {
    const sent = (await readSent(request)) as KubeObject & { spec?: unknown }
    const wrongType = typeProblem(sent, resource)
    if (wrongType) return statusResponse(wrongType)
    const spec = isJsonObject(sent.spec) ? sent.spec : {}
    const reviewed = answers[resource.kind]?.(spec, context, target)
    if (!reviewed || !('status' in reviewed)) return statusResponse(reviewed?.problem ?? methodNotAllowed())
    const { metadata = {}, ...rest } = reviewed
    const shown = resource.kind === 'SelfSubjectReview' || resource.kind === 'SelfSubjectRulesReview' ? {} : { spec }
    return jsonResponse(
      `${JSON.stringify({ kind: resource.kind, apiVersion: apiVersionOf(resource), metadata, ...shown, ...rest })}\n`,
      201,
    )
  } catch (error) {
    return errorResponse(error)
  }
}

async function readSent(request: Request): Promise<KubeObject> {
  if (mediaTypeOf(request) !== PROTOBUF) return readObject(request)
  const bytes = new Uint8Array(await request.arrayBuffer())
  try {
    return asObject(readReview(bytes), request)
  } catch (error) {
    throw answer(badRequest(`the body of the request is not a review in protobuf: ${(error as Error).message}`), request)
  }
}

type Answer = { readonly metadata?: object; readonly spec?: object; readonly status: object } | { readonly problem: WireStatus }

const answers: Readonly<Record<string, (spec: JsonObject, context: ReviewContext, target: ResourceRequest) => Answer>> = {
  SelfSubjectAccessReview: (spec, context) => decide(context.user, spec, context),
  SubjectAccessReview: (spec, context) => decideAbout(spec, context),
  LocalSubjectAccessReview: (spec, context, { namespace }) => {
    const asked = isJsonObject(spec.resourceAttributes) ? textIn(spec.resourceAttributes, 'namespace') : namespace
    if (asked === namespace) return decideAbout(spec, context)
    return refuse('spec.resourceAttributes.namespace', `Invalid value: ${JSON.stringify(asked)}: must match metadata.namespace`)
  },
  SelfSubjectRulesReview: (spec, { access, user, served }) => {
    const namespace = textIn(spec, 'namespace')
    if (!namespace) return { problem: badRequest('no namespace on request') }
    const { rules, incomplete } = access.rulesIn(user, namespace, served)
    const nonResourceRules = [{ verbs: ['*'], nonResourceURLs: ['*'] }]
    return { spec: {}, status: { resourceRules: rules, nonResourceRules, incomplete } }
  },
  SelfSubjectReview: (_, { user, now }) => ({ metadata: { creationTimestamp: now }, status: { userInfo: user } }),
  TokenReview: (spec, { access }) => {
    const token = textIn(spec, 'token')
    if (!token) return { problem: badRequest('token is required for TokenReview in authentication') }
    const user = access.tokens.size > 0 ? access.tokens.get(token) : access.user
    return { status: user ? { authenticated: true, user } : { user: {}, error: 'invalid bearer token' } }
  },
}

function decideAbout(spec: JsonObject, context: ReviewContext): Answer {
  const username = textIn(spec, 'user')
  const groups = Array.isArray(spec.groups) ? spec.groups.map(String) : []
  if (!username && groups.length === 0) return refuse('spec.user', 'Invalid value: "": at least one of user or group must be specified')
  return decide({ username, groups }, spec, context)
}

function decide(user: FakeUser, { resourceAttributes, nonResourceAttributes }: JsonObject, { access, served }: ReviewContext): Answer {
  if (isJsonObject(resourceAttributes) === isJsonObject(nonResourceAttributes)) {
    const why = 'exactly one of nonResourceAttributes or resourceAttributes must be specified'
    return refuse('spec.resourceAttributes', `Invalid value: null: ${why}`)
  }
  // Non-resource paths, such as discovery, are open to everyone.
  if (!isJsonObject(resourceAttributes)) return { status: { allowed: true } }
  return { status: { allowed: access.allows(user, attributesIn(resourceAttributes, served)) } }
}

function attributesIn(given: JsonObject, served: readonly ServedResource[]): AccessAttributes {
  const [group, resource] = [textIn(given, 'group'), textIn(given, 'resource')]
  const known = served.find((entry) => entry.resource.group === group && entry.resource.plural === resource)
  return {
    verb: textIn(given, 'verb'),
    group,
    resource,
    subresource: textIn(given, 'subresource'),
    namespace: textIn(given, 'namespace'),
    name: textIn(given, 'name'),
    isClusterScoped: known?.resource.scope === 'Cluster',
  }
}

function textIn(object: JsonObject, key: string): string {
  const value = object[key]
  return typeof value === 'string' ? value : ''
}

function refuse(field: string, message: string): Answer {
  const failure: FieldFailure = { reason: 'FieldValueInvalid', field, message }
  // Like the API server, drops the kind of a review here.
  return { problem: invalid({ kind: '', group: AUTHORIZATION, name: '' }, [failure]) }
}
