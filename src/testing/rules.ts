// The checks that an API server applies to every object, with kube-apiserver's wording. The fields of a kind are not checked.

import type { KubeObject, ObjectMeta } from '../api/object'
import { apiVersionOf, type Resource } from '../api/resource'
import { badRequest, failure, invalid, type WireStatus } from '../watch-cache/failures'

const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const NAME_RULE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character " +
  "(e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"

/** Checks the type of an object; returns the problem, if any. */
export function typeProblem({ kind, apiVersion }: KubeObject, resource: Resource): WireStatus | undefined {
  if ((kind ?? resource.kind) === resource.kind && (apiVersion ?? apiVersionOf(resource)) === apiVersionOf(resource)) return undefined
  return badRequest(
    `${kind ?? resource.kind} in version ${JSON.stringify(apiVersion ?? apiVersionOf(resource))} cannot be handled as a ${resource.kind}`,
  )
}

/** Checks that an object matches the path it is sent to; returns the problem, if any. */
export function placeProblem({ metadata }: KubeObject, { namespace, name }: { namespace: string; name?: string }): WireStatus | undefined {
  if (metadata.namespace && metadata.namespace !== namespace)
    return badRequest('the namespace of the provided object does not match the namespace sent on the request')
  if (name !== undefined && metadata.name && metadata.name !== name)
    return badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`)
  return undefined
}

/** Checks the metadata of a new object; returns the problem, if any. */
export function creationProblem({ metadata }: KubeObject, { kind, group }: Resource): WireStatus | undefined {
  const { name = '', generateName, resourceVersion } = metadata
  if (resourceVersion) return failure(500, 'InternalError', 'resourceVersion should not be set on objects to be created')
  const field = 'metadata.name'
  if (!name && !generateName)
    return invalid({ kind, group, name }, [
      { reason: 'FieldValueRequired', field, message: 'Required value: name or generateName is required' },
    ])
  const rule = name && brokenRule(name, group)
  if (rule) {
    return invalid({ kind, group, name }, [
      { reason: 'FieldValueInvalid', field, message: `Invalid value: ${JSON.stringify(name)}: ${rule}` },
    ])
  }
  return undefined
}

/** Returns the rule that a name breaks, if any. The names of RBAC objects need only fit into a path: `team=a,team=b` is one. */
function brokenRule(name: string, group: string): string | undefined {
  if (group !== 'rbac.authorization.k8s.io') return name.length > 253 || !NAME.test(name) ? NAME_RULE : undefined
  if (name === '.' || name === '..') return `may not be '${name}'`
  const found = /[/%]/.exec(name)?.[0]
  return found && `may not contain '${found}'`
}

/** Checks the replacement of an object; returns the problem, if any. */
export function replacementProblem(
  old: ObjectMeta,
  { uid, resourceVersion }: ObjectMeta,
  { plural, group }: Resource,
): WireStatus | undefined {
  if (uid && uid !== old.uid)
    return conflict(plural, group, old.name ?? '', `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.uid}`)
  if (resourceVersion && resourceVersion !== old.resourceVersion) {
    return conflict(
      plural,
      group,
      old.name ?? '',
      'the object has been modified; please apply your changes to the latest version and try again',
    )
  }
  return undefined
}

/** The preconditions of a deletion. */
export interface Preconditions {
  uid?: string | undefined
  resourceVersion?: string | undefined
}

/** Checks the deletion of an object; returns the problem, if any. */
export function deletionProblem(
  old: ObjectMeta,
  { uid, resourceVersion }: Preconditions,
  { kind, group }: Resource,
): WireStatus | undefined {
  const name = old.name ?? ''
  if (uid !== undefined && uid !== old.uid) {
    return conflict(
      kind,
      group,
      name,
      `the UID in the precondition (${uid}) does not match the UID in record (${old.uid}). The object might have been deleted and then recreated`,
    )
  }
  if (resourceVersion !== undefined && resourceVersion !== old.resourceVersion) {
    return conflict(
      kind,
      group,
      name,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${old.resourceVersion}). The object might have been modified`,
    )
  }
  return undefined
}

/** Returns the Status of a 409: an object with this name exists. */
export const alreadyExists = ({ plural, group }: Resource, name: string): WireStatus =>
  failure(409, 'AlreadyExists', `${qualified(plural, group)} "${name}" already exists`, { name, ...(group && { group }), kind: plural })

function conflict(what: string, group: string, name: string, why: string): WireStatus {
  return failure(409, 'Conflict', `Operation cannot be fulfilled on ${qualified(what, group)} "${name}": ${why}`, {
    name,
    ...(group && { group }),
    kind: what,
  })
}

const qualified = (what: string, group: string): string => (group ? `${what}.${group}` : what)

/** Returns the object with its members in the order of an API server. */
export function inWireOrder(object: KubeObject, resource: Resource): KubeObject {
  const { kind: _, apiVersion: __, metadata, ...rest } = object
  const { name, generateName, namespace, uid, resourceVersion, generation, creationTimestamp, deletionTimestamp, ...more } = metadata
  const { deletionGracePeriodSeconds, labels, annotations, ownerReferences, finalizers, managedFields, ...unknown } = more
  const first = {
    name,
    generateName,
    namespace,
    uid,
    resourceVersion,
    generation,
    creationTimestamp,
    deletionTimestamp,
    deletionGracePeriodSeconds,
  }
  const ordered = { ...first, labels, annotations, ownerReferences, finalizers, managedFields, ...unknown }
  // JSON.stringify omits members that are undefined.
  return { kind: resource.kind, apiVersion: apiVersionOf(resource), metadata: ordered as ObjectMeta, ...rest }
}
