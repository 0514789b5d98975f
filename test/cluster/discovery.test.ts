import { expect, test } from 'vitest'
import { resourceName } from '../../src/api/resource'
import { CustomResourceDefinition } from '../../src/discovery/custom-resource-definition'
import { type Discovery, discover } from '../../src/discovery/discovery'
import { openapi, schemaOf } from '../../src/discovery/openapi'
import { printerColumns } from '../../src/discovery/printer-columns'
import { watchDiscovery } from '../../src/discovery/watch'
import { KubeClient } from '../../src/http/client'
import type { Cluster } from './cluster.ts'
import { until } from './component.ts'
import { describeCluster } from './suite.ts'

const definition = (plural: string, kind: string) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.example.com` },
  spec: {
    group: 'example.com',
    names: { plural, kind, shortNames: ['wd'] },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } } },
        },
        additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }],
      },
    ],
  },
})

const create = (cluster: Cluster, object: object) => cluster.kubectl(['create', '-f', '-'], { input: JSON.stringify(object) })

describeCluster('discovery of a real API server', (cluster) => {
  const client = () => new KubeClient({ baseUrl: cluster().proxyUrl })

  test('discovery finds the resources of kubectl in two requests, and the same in the form of older servers', async () => {
    const paths: string[] = []
    const fetchNoting = (request: Request) => {
      paths.push(new URL(request.url).pathname)
      return fetch(request)
    }
    const discovery = await discover(new KubeClient({ baseUrl: cluster().proxyUrl, fetch: fetchNoting }))
    expect(paths).toEqual(['/api', '/apis'])
    const names = (await cluster().kubectl(['api-resources', '-o', 'name'])).trim().split('\n')
    expect(new Set(discovery.resources.filter(({ preferred }) => preferred).map(resourceName))).toEqual(new Set(names))
    const legacy = await discover(
      new KubeClient({
        baseUrl: cluster().proxyUrl,
        fetch: (request) => {
          request.headers.set('accept', 'application/json')
          return fetch(request)
        },
      }),
    )
    expect(legacy.groups).toEqual(discovery.groups)
    const byName = ({ resources }: Discovery) =>
      resources
        .map(({ subresources, ...resource }) => ({ ...resource, subresources: subresources.map(({ name }) => name).sort() }))
        .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
    expect(byName(legacy)).toEqual(byName(discovery))
  })

  test('discovery does not read unchanged documents again', async () => {
    const statuses: number[] = []
    const noting = new KubeClient({
      baseUrl: cluster().proxyUrl,
      fetch: async (request) => {
        const response = await fetch(request)
        statuses.push(response.status)
        return response
      },
    })
    const previous = await discover(noting)
    expect(await discover(noting, { previous })).toBe(previous)
    expect(statuses).toEqual([200, 200, 304, 304])
  })

  test.each(['deploy', 'po', 'ev', 'event', 'hpa', 'cj', 'ing', 'netpol', 'sc', 'Lease', 'crd', 'csr', 'ns', 'pdb', 'endpoints'])(
    'discovery resolves %s like kubectl',
    async (name) => {
      const { group, version, kind } = (await discover(client())).resolve(name)
      const explained = await cluster().kubectl(['explain', name.toLowerCase()])
      const field = (label: string) => new RegExp(`^${label}: +(\\S+)`, 'm').exec(explained)?.[1] ?? ''
      expect({ group, version, kind }).toEqual({ group: field('GROUP'), version: field('VERSION'), kind: field('KIND') })
    },
  )

  test('discovery lists a group whose server is down among the failures', async () => {
    await create(cluster(), {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1.down.example.com' },
      spec: {
        group: 'down.example.com',
        version: 'v1',
        groupPriorityMinimum: 1000,
        versionPriority: 10,
        insecureSkipTLSVerify: true,
        service: { name: 'nobody', namespace: 'default' },
      },
    })
    const discovery = await until('the group to be stale', async () => {
      const found = await discover(client())
      return found.failures.length > 0 ? found : undefined
    })
    expect(discovery.failures).toEqual([{ group: 'down.example.com', version: 'v1' }])
    expect(discovery.resolve('deploy').kind).toBe('Deployment')
    expect(() => discovery.resolve('gadgets.down.example.com')).toThrow('(could not be read: down.example.com/v1)')
    await cluster().kubectl(['delete', 'apiservice', 'v1.down.example.com'])
  })

  test('discovery follows and describes definitions that come and go', async () => {
    const stop = new AbortController()
    const seen: Discovery[] = []
    const has = (plural: string) => seen.at(-1)?.resources.some((resource) => resource.plural === plural) ?? false
    const done = watchDiscovery(client(), { signal: stop.signal, onChange: (discovery) => seen.push(discovery) })
    await until('the first state', () => seen[0])
    await create(cluster(), definition('widgets', 'Widget'))
    await until('the definition to be seen', () => has('widgets') || undefined)
    const Widget = seen.at(-1)?.resolve('wd')
    expect(Widget).toMatchObject({ kind: 'Widget', version: 'v1', scope: 'Namespaced', singular: 'widget', preferred: true })
    if (!Widget) return
    expect(await client().list(CustomResourceDefinition)).toMatchObject({ items: [{ metadata: { name: 'widgets.example.com' } }] })
    expect(await printerColumns(client(), Widget)).toEqual([{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }])
    const schema = await until('the schema to be published', async () =>
      openapi(client(), Widget).then(
        (document) => schemaOf(document, Widget),
        () => undefined,
      ),
    )
    expect(schema.properties?.spec?.properties?.size).toEqual({ type: 'integer' })
    await cluster().kubectl(['delete', 'crd', 'widgets.example.com'])
    await until('its end to be seen', () => !has('widgets') || undefined)
    stop.abort()
    await done
  })

  test('openapi returns the schemas of built-in resources', async () => {
    const discovery = await discover(client())
    for (const name of ['pods', 'deployments']) {
      const resource = discovery.resolve(name)
      expect(schemaOf(await openapi(client(), resource), resource)?.properties).toHaveProperty('spec')
    }
  })
})
