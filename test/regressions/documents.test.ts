import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Access } from '../../src/access/access'
import { resourceRulesOf, rulesAllow } from '../../src/access/rules'
import { isKubeError } from '../../src/api/errors'
import { discover, UnknownResourceError } from '../../src/discovery/discovery'
import { type OpenApiDocument, openapi, schemaOf } from '../../src/discovery/openapi'
import { printerColumns } from '../../src/discovery/printer-columns'
import { Pod } from '../../src/resources/core/v1'
import { VirtualClock } from '../../src/testing'
import { serve, status } from '../http/server'

// Documents as Go, and what stands behind aggregated APIs (KubeVirt, the Prometheus adapter), write them.

const answering = (answers: Record<string, unknown>) =>
  serve((request) => answers[new URL(request.url).pathname.slice(1)] ?? status(404, 'NotFound')).client()
const aggregated = (items: unknown) => ({ kind: 'APIGroupDiscoveryList', items })
const version = (name: unknown, resources: unknown, rest: object = {}) => ({ version: name, resources, ...rest })
const good = { resource: 'goods', responseKind: { kind: 'Good' }, verbs: ['list'] }
const goodGroup = { metadata: { name: 'good.io' }, versions: [version('v1', [good])] }
const named = (discovery: { resources: readonly { plural: string }[] }) => discovery.resources.map(({ plural }) => plural)

describe('discovery', () => {
  it('discovery reads the nulls of Go as what is empty, in both forms', async () => {
    const nulls = { verbs: null, shortNames: null, categories: null, subresources: null, singularResource: null }
    const bare = await discover(
      answering({ apis: aggregated([{ metadata: { name: 'x.io' }, versions: [version('v1', [{ ...good, ...nulls }])] }]) }),
    )
    const legacy = await discover(
      answering({
        apis: { kind: 'APIGroupList', groups: [{ name: 'x.io', versions: [{ version: 'v1' }], preferredVersion: null }] },
        'apis/x.io/v1': {
          resources: [
            { name: 'goods', namespaced: true, kind: 'Good', singularName: null, verbs: null, shortNames: null, categories: null },
          ],
        },
      }),
    )
    for (const discovery of [bare, legacy]) {
      expect(discovery.resources).toMatchObject([
        { plural: 'goods', singular: 'good', verbs: [], shortNames: [], categories: [], subresources: [] },
      ])
      expect(discovery.failures).toEqual([])
      expect(discovery.resolve('good').verbs.includes('list')).toBe(false)
    }
  })

  it.each<[string, object]>([
    ['no items', { api: aggregated(null), apis: aggregated(undefined) }],
    ['no versions', { api: { kind: 'APIVersions', versions: null }, apis: { kind: 'APIGroupList', groups: null } }],
    ['groups without versions', { apis: { kind: 'APIGroupList', groups: [{ name: 'x.io', versions: null }] } }],
    ['versions without resources', { apis: aggregated([{ metadata: { name: 'x.io' }, versions: [version('v1', null)] }]) }],
  ])('discovery is empty where a server has %s', async (_what, answers) => {
    expect(await discover(answering(answers as Record<string, unknown>))).toMatchObject({ resources: [], failures: [] })
  })

  it.each<[string, unknown, object]>([
    ['a group that is null', null, { group: '', version: '' }],
    ['a group without a name', { versions: [version('v1', [good])] }, { group: '', version: '' }],
    ['versions that are a string', { metadata: { name: 'x.io' }, versions: 'v1' }, { group: 'x.io', version: '' }],
    ['resources that are a string', { metadata: { name: 'x.io' }, versions: [version('v1', 'goods')] }, { group: 'x.io', version: 'v1' }],
    ['a version that is a number', { metadata: { name: 'x.io' }, versions: [version(1, [good])] }, { group: 'x.io', version: '' }],
    ['a group that is a path', { metadata: { name: '../api' }, versions: [version('v1', [good])] }, { group: '../api', version: '' }],
    [
      'a version that is a path',
      { metadata: { name: 'x.io' }, versions: [version('../../api/v1', [good])] },
      { group: 'x.io', version: '../../api/v1' },
    ],
    [
      'a resource whose name is a path',
      { metadata: { name: 'x.io' }, versions: [version('v1', [{ ...good, resource: '../../../api/v1/secrets' }])] },
      { group: 'x.io', version: 'v1', resource: '../../../api/v1/secrets' },
    ],
    [
      'a subresource whose name is a path',
      { metadata: { name: 'x.io' }, versions: [version('v1', [{ ...good, subresources: [{ subresource: '..' }] }])] },
      { group: 'x.io', version: 'v1', resource: 'goods' },
    ],
    [
      'a stale version',
      { metadata: { name: 'x.io' }, versions: [version('v1', [], { freshness: 'Stale' })] },
      { group: 'x.io', version: 'v1' },
    ],
  ])('discovery leaves out and reports %s, which costs the other groups nothing', async (_what, bad, failure) => {
    const discovery = await discover(answering({ apis: aggregated([bad, goodGroup]) }))
    expect(named(discovery)).toEqual(['goods'])
    expect(discovery.failures).toMatchObject([failure])
    for (const { error } of discovery.failures) expect(error === undefined || isKubeError(error)).toBe(true)
  })

  it('discovery asks an older server for no path that a name would lead to', async () => {
    const { client, requests } = serve((request) => {
      const { pathname } = new URL(request.url)
      if (pathname === '/api') return { kind: 'APIVersions', versions: ['../x', null, 'v1'] }
      if (pathname === '/apis')
        return {
          kind: 'APIGroupList',
          groups: [
            { name: '..', versions: [{ version: 'v1' }] },
            { name: 'x.io', versions: [{ version: '%2e%2e' }, null, 7] },
          ],
        }
      return pathname === '/api/v1'
        ? { resources: [{ name: 'pods', kind: 'Pod' }, { name: '..', kind: 'Up' }, { name: 'pods/../x', kind: 'Up' }, null, 7] }
        : status(404, 'NotFound')
    })
    const discovery = await discover(client())
    expect(requests.map(({ url }) => new URL(url).pathname).sort()).toEqual(['/api', '/api/v1', '/apis'])
    expect(discovery.failures.every(({ error }) => isKubeError(error))).toBe(true)
  })

  it('discovery names no resource that was left out as a version that could not be read', async () => {
    const bad = { metadata: { name: 'x.io' }, versions: [version('v1', [{ ...good, resource: '..' }])] }
    const discovery = await discover(answering({ apis: aggregated([bad, goodGroup]) }))
    expect(() => discovery.resolve('nothing')).toThrow(UnknownResourceError)
    expect(() => discovery.resolve('nothing')).not.toThrow('could not be read')
  })

  it('discovery compares a query only with names of about its length', async () => {
    const many = Array.from({ length: 2_000 }, (_, i) => ({
      ...good,
      resource: `${'x'.repeat(60)}${i}`,
      singularResource: 'y'.repeat(1_000),
    }))
    const discovery = await discover(answering({ apis: aggregated([{ metadata: { name: 'x.io' }, versions: [version('v1', many)] }]) }))
    expect(() => discovery.resolve('q'.repeat(100_000))).toThrow(UnknownResourceError)
    expect(() => discovery.resolve('pod')).toThrow(UnknownResourceError)
  })
})

describe('whatever a server writes', () => {
  const words = [
    'kind',
    'items',
    'groups',
    'metadata',
    'name',
    'versions',
    'version',
    'resources',
    'resource',
    'responseKind',
    'verbs',
    'subresources',
    'subresource',
    'preferredVersion',
    'paths',
    'serverRelativeURL',
    'components',
    'schemas',
    'spec',
    'additionalPrinterColumns',
    'jsonPath',
    'status',
    'allowed',
    'resourceRules',
    'resourceNames',
    'apiGroups',
    'x-kubernetes-group-version-kind',
    'apis/x.io/v1',
    '__proto__',
    'constructor',
  ]
  const { node } = fc.letrec((tie) => ({
    node: fc.oneof(
      { depthSize: 'medium' },
      fc.constantFrom<unknown>(
        null,
        0,
        true,
        '',
        'v1',
        'x.io',
        'pods',
        '*',
        '..',
        'APIGroupDiscoveryList',
        'APIVersions',
        'APIGroupList',
        '/x',
      ),
      fc.array(tie('node'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom(...words), tie('node'), { maxKeys: 6 }),
    ),
  }))
  const kinds = fc.constantFrom('APIGroupDiscoveryList', 'APIVersions', 'APIGroupList')
  const document = fc.oneof(
    node,
    fc.tuple(kinds, node, node).map(([kind, items, versions]) => ({ kind, items, groups: items, versions, resources: items })),
  )
  const X = { group: 'x.io', version: 'v1', plural: 'xs', kind: 'X' }

  it('whatever a server writes ends in a value or a KubeError, never in a TypeError', { timeout: 60_000 }, async () => {
    const call = async (run: () => Promise<unknown>) => {
      await run().catch((error) => {
        if (!isKubeError(error)) throw error
      })
    }
    await fc.assert(
      fc.asyncProperty(document, document, async (first, second) => {
        const { client } = serve((_, count) => (count % 2 ? Response.json(first) : Response.json(second)))
        await call(async () => {
          const discovery = await discover(client())
          for (const { error } of discovery.failures) expect(error === undefined || isKubeError(error)).toBe(true)
          for (const { verbs, shortNames, categories, subresources } of discovery.resources)
            expect(
              [verbs, shortNames, categories, ...subresources.map((one) => one.verbs)].every((list) =>
                list.every((one) => typeof one === 'string'),
              ),
            ).toBe(true)
          discovery.resolve('nothing')
        })
        await call(async () => schemaOf(await openapi(client(), X), X))
        await call(() => printerColumns(client(), X))
        const access = new Access(client(), { clock: new VirtualClock() })
        await call(() => access.can('get', Pod, { namespace: 'shop', name: 'a' }))
        await call(() => access.can('get', Pod))
      }),
      { numRuns: 150 },
    )
  })

  it('whatever a server writes has a schema or none', () => {
    fc.assert(fc.property(node, (value) => void schemaOf((value ?? {}) as OpenApiDocument, X)))
  })

  it('whatever a server writes grants nothing that it does not state', async () => {
    const question = { verb: 'get', group: '', resource: 'pods', subresource: '', name: 'a' }
    const all = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] }
    expect(rulesAllow(resourceRulesOf([null, 7, { ...all, resourceNames: null }]), question)).toBe(true)
    for (const rule of [
      { ...all, verbs: null },
      { ...all, verbs: '*' },
      { ...all, resourceNames: 'a' },
      { ...all, resourceNames: [7] },
      { ...all, apiGroups: undefined },
    ])
      expect(rulesAllow(resourceRulesOf([rule]), question)).toBe(false)
    for (const review of [{ status: null }, { status: { allowed: 'true' } }, { status: 'allowed' }, {}])
      expect(await new Access(serve(() => review).client()).can('get', Pod)).toBe(false)
  })

  it('whatever a server writes asks the question itself when the rules cannot be read', async () => {
    const { client } = serve(({ url }) => ({ status: url.endsWith('rulesreviews') ? { resourceRules: 'all' } : { allowed: true } }))
    expect(await new Access(client()).can('get', Pod, { namespace: 'shop' })).toBe(true)
  })
})
