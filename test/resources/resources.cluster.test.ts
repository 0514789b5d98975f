import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { apiServerFlags, generateResources } from '../../scripts/generate/resources.ts'
import { apiVersionOf } from '../../src/api/resource'
import { discover } from '../../src/discovery/discovery'
import { KubeClient } from '../../src/http/client'
import { describeCluster } from '../cluster/suite.ts'
import { folder, importResources, readPaths } from './modules.ts'

describeCluster(
  'the generated resources',
  (cluster) => {
    test('the generated resources are those of discovery: every listable or creatable kind of every version except alpha', async () => {
      const { resources, failures } = await discover(new KubeClient({ baseUrl: cluster().proxyUrl }))
      expect(failures).toEqual([])
      const served = resources.filter(
        ({ version, verbs }) => !version.includes('alpha') && (verbs.includes('list') || verbs.includes('create')),
      )
      const generated = [...(await importResources()).values()].flatMap((module) => Object.values(module))
      const byName = (all: readonly { group: string; version: string; plural: string; kind: string; scope: string }[]) =>
        all.map((resource) => [apiVersionOf(resource), resource.plural, resource.kind, resource.scope].join(' ')).sort()
      expect(generated.length).toBeGreaterThan(60)
      expect(byName(generated)).toEqual(byName(served))
    })

    test('the generated resources equal the output of `npm run generate` for this API server', async () => {
      const modules = await generateResources(cluster().proxyUrl)
      expect(new Set(readPaths())).toEqual(new Set(modules.map(({ path }) => path)))
      for (const { path, text } of modules) expect(text === readFileSync(join(folder, path), 'utf8'), `src/resources/${path}`).toBe(true)
    })
  },
  { apiServerFlags },
)
