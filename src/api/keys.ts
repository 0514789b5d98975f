// Keys of objects in stores: `namespace/name`.

/** The name and namespace of an object. Entries have these members, as does the `metadata` of any object. */
export interface ObjectIdentity {
  readonly name?: string | undefined
  readonly namespace?: string | undefined
  readonly uid?: string | undefined
}

/** A value that has a key: an entry, or an object with metadata. */
export type Keyed = ObjectIdentity | { readonly metadata: ObjectIdentity }

/** Returns the key under which a store keeps an object. */
export type KeyFunc = (object: Keyed) => string

/**
 * Returns the key `namespace/name`, or `name` for cluster-scoped objects.
 *
 * @throws TypeError when the object has no name.
 * @see client-go `cache.MetaNamespaceKeyFunc`
 */
export function metaNamespaceKey(object: Keyed): string {
  const { namespace, name } = 'metadata' in object ? object.metadata : object
  if (!name) throw new TypeError('metaNamespaceKey: the object has no metadata.name, so it has no key')
  return objectKey(namespace, name)
}

/** Joins a namespace and a name into a key. */
export function objectKey(namespace: string | undefined, name: string): string {
  return namespace ? `${namespace}/${name}` : name
}

/**
 * Splits a key into its parts; the namespace of a cluster-scoped key is the empty string.
 *
 * @see client-go `cache.SplitMetaNamespaceKey`
 */
export function splitMetaNamespaceKey(key: string): { namespace: string; name: string } {
  const slash = key.indexOf('/')
  return slash < 0 ? { namespace: '', name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}
