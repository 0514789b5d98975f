import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { generateResources } from '../../scripts/generate/targets.ts'
import type { Resource } from '../../src/meta/resource'
import * as apps from '../../src/resources/apps/v1'
import * as core from '../../src/resources/core/v1'
import { describeCluster } from '../cluster/suite.ts'

describeCluster('the generated resources', (cluster) => {
  const resources: Resource[] = [...Object.values(core), ...Object.values(apps)]

  test.each(resources.map((resource) => [resource.kind, resource] as const))(
    '%s is what discovery says',
    async (_, { group, version, plural, kind, scope }) => {
      const response = await fetch(`${cluster().proxyUrl}/${group ? `apis/${group}` : 'api'}/${version}`)
      const { resources } = (await response.json()) as { resources: { name: string; kind: string; namespaced: boolean }[] }
      expect(resources).toContainEqual(expect.objectContaining({ name: plural, kind, namespaced: scope === 'Namespaced' }))
    },
  )

  test('src/resources is what `npm run generate` makes of this API server', async () => {
    const directory = join(import.meta.dirname, '../../src/resources')
    const generated = await generateResources(cluster().proxyUrl)
    const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'))
    expect(new Set(files)).toEqual(new Set(generated.keys()))
    for (const [path, text] of generated) expect(text === readFileSync(join(directory, path), 'utf8'), `src/resources/${path}`).toBe(true)
  })
})
