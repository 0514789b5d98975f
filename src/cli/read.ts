import { CustomResourceDefinition } from '../discovery/custom-resource-definition'
import { discover } from '../discovery/discovery'
import { openapi } from '../discovery/openapi'
import { KubeError } from '../errors'
import { apiVersionOf } from '../meta/resource'
import type { KubeClient } from '../transport/client'
import { openApiOf, Place } from './check'
import { definitionOf } from './definitions'
import type { GroupVersion } from './openapi'
import type { Documented } from './plan'

/**
 * Reads what a server's OpenAPI says of some versions of groups.
 *
 * @throws KubeError when the server describes one of them not at all; ApiError, ConnectionError, ParseError.
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
 * The versions of custom resources that a cluster serves.
 *
 * @throws ApiError (403: the definitions may not be listed), ConnectionError, ParseError.
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
 * All versions of some groups.
 *
 * @param names of the groups; `core` is the one without a name. Default: every group the server has.
 * @throws KubeError when the server has no such group, or cannot say what is in it; ApiError, ConnectionError, ParseError.
 */
export async function versionsOf(client: KubeClient, names?: readonly string[]): Promise<GroupVersion[]> {
  const { groups, failures } = await discover(client)
  const wanted = [...new Set(names?.map((name) => (name === 'core' ? '' : name)) ?? groups.map(({ name }) => name))]
  const failed = failures.filter(({ group }) => wanted.includes(group))
  if (failed.length > 0) throw new KubeError(`the server cannot say now what is in ${failed.map(apiVersionOf).join(', ')}: try again later`)
  return wanted.flatMap((wantedName) => {
    const group = groups.find(({ name }) => name === wantedName)
    if (group) return group.versions.map((version) => ({ group: group.name, version }))
    throw new KubeError(
      `the server has no group ${JSON.stringify(wantedName)}; it has ${groups.map(({ name }) => name || 'core').join(', ')}`,
    )
  })
}
