// The kinds of patches, and configurations for server-side apply.

import type { ObjectMeta } from './object'

/**
 * A change of an object, named after its kind. JSON patches and merge patches work for all resources; strategic merge patches only for
 * built-in ones (custom ones respond with 415).
 *
 * @example
 * ```ts
 * await client.patch(Pod, 'web-1', { merge: { metadata: { labels: { tier: 'front', old: null } } } }, { namespace: 'shop' })
 * await client.patch(Pod, 'web-1', { json: [{ op: 'test', path: '/spec/nodeName', value: 'n1' }] }, { namespace: 'shop' })
 * ```
 */
export type Patch<T> =
  | {
      /** RFC 7386: `null` removes a member; arrays are replaced. */
      readonly merge: MergePatch<T>
      readonly json?: never
      readonly strategic?: never
    }
  | {
      /** RFC 6902: operations. The server applies all or none. */
      readonly json: readonly JsonPatchOperation[]
      readonly merge?: never
      readonly strategic?: never
    }
  | {
      /** A merge patch that also merges lists whose items have a key. */
      readonly strategic: StrategicPatch<T>
      readonly merge?: never
      readonly json?: never
    }

/** Parts of an object; `null` removes a member. */
export type MergePatch<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [K in keyof T]?: MergePatch<T[K]> | null | undefined }
    : T

/** Parts of an object, with directives such as `$patch: 'delete'`. {@link https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/} */
export type StrategicPatch<T> = T extends readonly (infer Item)[]
  ? readonly StrategicPatch<Item>[]
  : T extends object
    ? { readonly [K in keyof T]?: StrategicPatch<T[K]> | null | undefined } & { readonly [directive: `$${string}`]: unknown }
    : T

/** One operation of a JSON patch. Paths are JSON pointers (RFC 6901). */
export type JsonPatchOperation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string }
  | { readonly op: 'move' | 'copy'; readonly from: string; readonly path: string }

/** The fields that one manager owns, and the identity of the object. */
export type ApplyConfiguration<T> = Omit<PartOf<T>, 'metadata'> & {
  readonly metadata: Omit<ObjectMeta, 'name' | 'managedFields'> & { readonly name: string }
}

/** Any part of an object. */
export type PartOf<T> = T extends readonly (infer Item)[]
  ? readonly PartOf<Item>[]
  : T extends object
    ? { readonly [K in keyof T]?: PartOf<T[K]> | undefined }
    : T

/** The media types of patches. */
export const PATCH_TYPES = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const
