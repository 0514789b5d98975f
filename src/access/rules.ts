/** What a user may do, as a SelfSubjectRulesReview says it. */
export interface ResourceRule {
  readonly verbs: readonly string[]
  readonly apiGroups?: readonly string[]
  readonly resources?: readonly string[]
  /** None: every name. */
  readonly resourceNames?: readonly string[]
}

/** Reads the rules of a review: nulls, as Go writes empty lists, and members of another type allow nothing. */
export function resourceRulesOf(value: unknown): ResourceRule[] {
  return (Array.isArray(value) ? value : []).flatMap((rule): ResourceRule[] => {
    if (typeof rule !== 'object' || rule === null) return []
    const { verbs, apiGroups, resources, resourceNames } = rule as Record<string, unknown>
    const names = textsOf(resourceNames)
    // No names are all names; names that cannot be read are none that is known.
    const isRestricted =
      resourceNames !== undefined && resourceNames !== null && !(Array.isArray(resourceNames) && resourceNames.length === 0)
    if (isRestricted && names.length === 0) return []
    return [{ verbs: textsOf(verbs), apiGroups: textsOf(apiGroups), resources: textsOf(resources), resourceNames: names }]
  })
}

const textsOf = (value: unknown): string[] => (Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [])

/** What is to be done to what. */
export interface RuleQuestion {
  readonly verb: string
  readonly group: string
  /** The plural. */
  readonly resource: string
  /** The empty string: the object itself. */
  readonly subresource: string
  /** The empty string: not one object alone. */
  readonly name: string
}

/**
 * Whether one of the rules allows it. A star stands for every verb, group or resource (with all of its subresources), and one before `/scale`
 * for that subresource of every resource. A rule with names allows nothing that is not about one of them.
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
