// Writes the field selector of one object. Apart from the parser, which most pages load later or never.

/**
 * Returns the field selector of the object with a name, in all namespaces or in one. The names of RBAC objects may contain the characters `,`, `=`
 * and `\\`, which are escaped.
 *
 * @example
 * ```ts
 * const settings = createInformer(client, ConfigMap, { namespace: 'shop', fieldSelector: nameSelector('settings') })
 * ```
 * @see apimachinery `fields.OneTermEqualSelector`
 */
export function nameSelector(name: string, namespace?: string): string {
  const term = `metadata.name=${escapeFieldValue(name)}`
  return namespace ? `${term},metadata.namespace=${escapeFieldValue(namespace)}` : term
}

/**
 * Escapes the characters of a value that have a meaning in a field selector.
 *
 * @see apimachinery `fields.EscapeValue`
 */
export function escapeFieldValue(value: string): string {
  return value.replace(/[\\,=]/g, '\\$&')
}
