// Reads the OpenAPI documents and group versions of a cluster.

import { KubeError } from '../api/errors'
import { apiVersionOf } from '../api/resource'
import { CustomResourceDefinition } from '../discovery/custom-resource-definition'
import { discover } from '../discovery/discovery'
import { openapi } from '../discovery/openapi'
import type { KubeClient } from '../http/client'
import { openApiOf, Place } from './check'
import { definitionOf } from './definitions'
import type { GroupVersion } from './openapi'
import type { Documented } from './plan'

/**
 * Reads the OpenAPI documents of the given group versions.
 *
 * @throws KubeError when the server publishes no document for one of them; ApiError, ConnectionError, ParseError.
 */
export function readDocuments(client: KubeClient, versions: readonly GroupVersion[]): Promise<Documented[]> {
  return Promise.all(
    versions.map(async ({ group, version }) => {
      const document = await openapi(client, { group, version })
      return { group, version, openApi: openApiOf(document, `the OpenAPI of ${apiVersionOf({ group, version })}`) }
    }),
  )
}

/**
 * Returns the versions of custom resources that a cluster serves.
 *
 * @throws ApiError (403: the user may not list definitions), ConnectionError, ParseError.
 */
export async function customVersions(client: KubeClient): Promise<GroupVersion[]> {
  const found = new Map<string, GroupVersion>()
  for await (const { items } of client.pages(CustomResourceDefinition)) {
    for (const [i, item] of items.entries()) {
      const { group, versions } = definitionOf(item, new Place('the list of definitions').at('items').at(i))
      for (const { name } of versions) found.set(`${group}/${name}`, { group, version: name })
    }
  }
  return [...found.values()]
}

/**
 * Returns all versions of the given groups.
 *
 * @param names of the groups; `core` is the group without a name. Default: every group of the server.
 * @throws KubeError when the server lacks such a group, or cannot list its resources; ApiError, ConnectionError, ParseError.
 */
export async function versionsOf(client: KubeClient, names?: readonly string[]): Promise<GroupVersion[]> {
  const { groups, failures } = await discover(client)
  const wanted = [...new Set(names?.map((name) => (name === 'core' ? '' : name)) ?? groups.map(({ name }) => name))]
  const failed = failures.filter(({ group }) => wanted.includes(group))
  if (failed.length > 0)
    throw new KubeError(`the server cannot list the resources of ${failed.map(apiVersionOf).join(', ')}: try again later`)
  return wanted.flatMap((wantedName) => {
    const group = groups.find(({ name }) => name === wantedName)
    if (group) return group.versions.map((version) => ({ group: group.name, version }))
    throw new KubeError(
      `the server has no group ${JSON.stringify(wantedName)}; it has ${groups.map(({ name }) => name || 'core').join(', ')}`,
    )
  })
}
