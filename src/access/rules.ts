// Evaluates the rules of a SelfSubjectRulesReview.

import { textsOf } from '../codec/envelopes'

/** A rule of a SelfSubjectRulesReview. */
export interface ResourceRule {
  readonly verbs: readonly string[]
  readonly apiGroups?: readonly string[]
  readonly resources?: readonly string[]
  /** The names the rule is limited to. Absent: every name. */
  readonly resourceNames?: readonly string[]
}

/** Reads the rules of a review. A null, which Go writes for an empty list, and a member of another type allow nothing. */
export function resourceRulesOf(value: unknown): ResourceRule[] {
  return (Array.isArray(value) ? value : []).flatMap((rule): ResourceRule[] => {
    if (typeof rule !== 'object' || rule === null) return []
    const { verbs, apiGroups, resources, resourceNames } = rule as Record<string, unknown>
    const names = textsOf(resourceNames)
    // Without names a rule covers every name. Unreadable names must not widen it.
    const isRestricted =
      resourceNames !== undefined && resourceNames !== null && !(Array.isArray(resourceNames) && resourceNames.length === 0)
    if (isRestricted && names.length === 0) return []
    return [{ verbs: textsOf(verbs), apiGroups: textsOf(apiGroups), resources: textsOf(resources), resourceNames: names }]
  })
}

/** A verb on a resource, to check against the rules. */
export interface RuleQuestion {
  readonly verb: string
  readonly group: string
  /** The plural of the resource. */
  readonly resource: string
  /** The empty string means the object itself. */
  readonly subresource: string
  /** The empty string means any object. */
  readonly name: string
}

/**
 * Returns whether one of the rules allows the verb. `*` matches every verb, group or resource (with all subresources); `*` in front of `/scale`
 * matches that subresource of every resource. A rule with names allows only requests for these names.
 *
 * @see kubernetes `rbac/v1.RuleAllows`
 */
export function rulesAllow(rules: readonly ResourceRule[], { verb, group, resource, subresource, name }: RuleQuestion): boolean {
  const combined = subresource ? [`${resource}/${subresource}`, `*/${subresource}`] : [resource]
  const has = (values: readonly string[] | undefined, ...wanted: readonly string[]) => wanted.some((value) => values?.includes(value))
  return rules.some(
    ({ verbs, apiGroups, resources, resourceNames }) =>
      has(verbs, '*', verb) &&
      has(apiGroups, '*', group) &&
      has(resources, '*', ...combined) &&
      (!resourceNames?.length || has(resourceNames, name)),
  )
}
