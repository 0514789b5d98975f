import { describe, expect, test } from 'vitest'
import { Access } from '../../src/access/access'
import { type ResourceRule, type RuleQuestion, rulesAllow } from '../../src/access/rules'
import { defineResource } from '../../src/api/resource'
import { Namespace, Node, Pod } from '../../src/resources/core/v1'
import { VirtualClock } from '../../src/testing'
import { deferred, serve, status } from '../http/server'

const Deployment = defineResource({ group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment' })

interface Asked {
  readonly kind: string
  readonly spec: { readonly namespace?: string; readonly resourceAttributes?: Record<string, string> }
}

/** A server with rules in every namespace, that allows what `allowed` says yes to. */
function authority(
  options: { rules?: ResourceRule[]; incomplete?: boolean; allowed?: (attributes: Record<string, string>) => boolean } = {},
) {
  const { rules = [], incomplete = false, allowed = () => false } = options
  const asked: Asked[] = []
  const server = serve(async (request) => {
    const { kind, spec } = (await request.json()) as Asked
    asked.push({ kind, spec })
    expect([request.method, new URL(request.url).pathname]).toEqual(['POST', `/apis/authorization.k8s.io/v1/${kind.toLowerCase()}s`])
    return kind === 'SelfSubjectRulesReview'
      ? { status: { resourceRules: rules, nonResourceRules: [], incomplete } }
      : { status: { allowed: allowed(spec.resourceAttributes ?? {}) } }
  })
  const clock = new VirtualClock()
  return { asked, clock, access: new Access(server.client(), { clock }), kinds: () => asked.map(({ kind }) => kind) }
}

const rule = (rule: Partial<ResourceRule>): ResourceRule => ({ verbs: ['get'], apiGroups: [''], resources: ['pods'], ...rule })

describe('a rule', () => {
  test.each<[string, Partial<ResourceRule>, Partial<RuleQuestion>, boolean]>([
    ['allows what it names', {}, {}, true],
    ['allows no other verb', {}, { verb: 'list' }, false],
    ['allows no other group', {}, { group: 'apps' }, false],
    ['allows no other resource', {}, { resource: 'nodes' }, false],
    ['allows no subresource', {}, { subresource: 'log' }, false],
    ['allows every verb with *', { verbs: ['*'] }, { verb: 'deletecollection' }, true],
    ['allows every group with *', { apiGroups: ['*'] }, { group: 'metrics.k8s.io' }, true],
    ['allows every resource with *', { resources: ['*'] }, { resource: 'nodes' }, true],
    ['allows every subresource with *', { resources: ['*'] }, { subresource: 'exec' }, true],
    ['allows the subresource it names', { resources: ['pods/log'] }, { subresource: 'log' }, true],
    ['allows the subresource it names and not the object', { resources: ['pods/log'] }, {}, false],
    ['allows one subresource of everything', { resources: ['*/scale'] }, { resource: 'rss', subresource: 'scale' }, true],
    ['allows one subresource of everything and no other', { resources: ['*/scale'] }, { subresource: 'status' }, false],
    ['does not know pods/*', { resources: ['pods/*'] }, { subresource: 'log' }, false],
    ['with names allows these', { resourceNames: ['a', 'b'] }, { name: 'b' }, true],
    ['with names allows no others', { resourceNames: ['a'] }, { name: 'c' }, false],
    ['with names allows nothing without a name', { resourceNames: ['a'] }, {}, false],
    ['with an empty list of names allows all', { resourceNames: [] }, { name: 'c' }, true],
    ['for no resource allows none', { apiGroups: undefined, resources: undefined } as object, {}, false],
  ])('a rule %s', (_, has, asks, expected) => {
    const question = { verb: 'get', group: '', resource: 'pods', subresource: '', name: '', ...asks }
    expect(rulesAllow([rule(has)], question)).toBe(expected)
    expect(rulesAllow([rule({ verbs: ['impersonate'] }), rule(has)], question)).toBe(expected)
  })

  test('the fixture of each rule needs its members', () => {
    expect(rulesAllow([], { verb: 'get', group: '', resource: 'pods', subresource: '', name: '' })).toBe(false)
  })
})

describe('in a namespace', () => {
  test('one rules review answers every question about a namespace, including denials', async () => {
    const { access, asked } = authority({
      rules: [rule({}), rule({ apiGroups: ['apps'], resources: ['deployments', '*/scale'], verbs: ['*'] })],
    })
    const namespace = 'shop'
    expect(await access.can('get', Pod, { namespace })).toBe(true)
    expect(await access.can('delete', Pod, { namespace })).toBe(false)
    expect(await access.can('update', Deployment, { namespace, name: 'web', subresource: 'scale' })).toBe(true)
    expect(await access.can('get', Pod, { namespace, subresource: 'log' })).toBe(false)
    expect(asked).toEqual([{ kind: 'SelfSubjectRulesReview', spec: { namespace } }])
  })

  test('each namespace has its own rules review', async () => {
    const { access, asked } = authority()
    await access.can('get', Pod, { namespace: 'a' })
    await access.can('get', Pod, { namespace: 'b' })
    expect(asked.map(({ spec }) => spec.namespace)).toEqual(['a', 'b'])
  })

  test('a question that incomplete rules do not allow is asked separately', async () => {
    const { access, asked, kinds } = authority({ rules: [rule({})], incomplete: true, allowed: ({ verb }) => verb === 'create' })
    const namespace = 'shop'
    expect(await access.can('get', Pod, { namespace })).toBe(true)
    expect(kinds()).toEqual(['SelfSubjectRulesReview'])
    for (let i = 0; i < 2; i++) {
      expect(await access.can('create', Pod, { namespace, name: 'x', subresource: 'eviction' })).toBe(true)
      expect(await access.can('delete', Pod, { namespace })).toBe(false)
    }
    expect(kinds()).toEqual(['SelfSubjectRulesReview', 'SelfSubjectAccessReview', 'SelfSubjectAccessReview'])
    expect(asked[1]?.spec.resourceAttributes).toEqual({
      namespace,
      verb: 'create',
      group: '',
      version: 'v1',
      resource: 'pods',
      subresource: 'eviction',
      name: 'x',
    })
  })
})

describe('in the whole cluster', () => {
  test('questions about cluster-scoped resources and all namespaces use an access review', async () => {
    const { access, asked, kinds } = authority({ allowed: ({ resource }) => resource === 'nodes' })
    expect(await access.can('list', Node)).toBe(true)
    expect(await access.can('list', Pod)).toBe(false)
    expect(await access.can('list', Pod)).toBe(false)
    expect(kinds()).toEqual(['SelfSubjectAccessReview', 'SelfSubjectAccessReview'])
    expect(asked[1]?.spec.resourceAttributes).toMatchObject({ namespace: '', verb: 'list', resource: 'pods' })
  })

  test('a question about a namespace is asked within that namespace, like the server does', async () => {
    const { access, asked } = authority()
    await access.can('get', Namespace, { name: 'shop' })
    expect(asked[0]?.spec.resourceAttributes).toMatchObject({ namespace: 'shop', name: 'shop', resource: 'namespaces' })
  })

  test('a namespace for a cluster-scoped resource is refused', async () => {
    await expect(authority().access.can('get', Node, { namespace: 'shop' })).rejects.toThrow('nodes is cluster-scoped')
  })
})

describe('an answer', () => {
  test('an answer is valid for a minute, or for ttlMs', async () => {
    const { access, asked, clock } = authority()
    await access.can('get', Pod, { namespace: 'a' })
    await access.can('list', Node)
    await clock.advance(59_999)
    await access.can('get', Pod, { namespace: 'a' })
    expect(asked).toHaveLength(2)
    await clock.advance(1)
    await access.can('get', Pod, { namespace: 'a' })
    await access.can('list', Node)
    expect(asked).toHaveLength(4)
  })

  test('clear() forgets every answer', async () => {
    const { access, asked } = authority()
    await access.can('get', Pod, { namespace: 'a' })
    access.clear()
    await access.can('get', Pod, { namespace: 'a' })
    expect(asked).toHaveLength(2)
  })

  test('concurrent questions share a request, which continues when one caller aborts', async () => {
    const { promise, resolve } = deferred<object>()
    const server = serve(() => promise)
    const access = new Access(server.client())
    const impatient = new AbortController()
    const first = access.can('get', Pod, { namespace: 'a', signal: impatient.signal })
    const second = access.can('list', Pod, { namespace: 'a' })
    impatient.abort('enough')
    await expect(first).rejects.toBe('enough')
    resolve({ status: { resourceRules: [rule({ verbs: ['list'] })] } })
    expect(await second).toBe(true)
    expect(server.requests).toHaveLength(1)
  })

  test('an error is not cached', async () => {
    const server = serve((_, count) => (count === 1 ? status(500, 'InternalError') : { status: { allowed: true } }))
    const access = new Access(server.client())
    await expect(access.can('list', Node)).rejects.toMatchObject({ status: 500 })
    expect(await access.can('list', Node)).toBe(true)
  })
})
