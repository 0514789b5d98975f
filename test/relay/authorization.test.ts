import { expect, it, vi } from 'vitest'
import { impersonation, type RelayEvent, type RelayOptions, selfReviews } from '../../src/relay'
import { reviewKey } from '../../src/relay/reviews'
import { CONFIG_MAPS, IN_SHOP, RelayWorld, readWatch } from './world'

const TOKENS = { admin: 'admin-token-1234', alice: 'alice-token-1234', bob: 'bob-token-12345' }

/** A relay that reviews, with its own token; the users are known to the API server. */
function reviewed(options: Partial<RelayOptions> = {}): RelayWorld {
  const world = new RelayWorld(['a'], { resources: [] })
  for (const [username, token] of Object.entries(TOKENS)) world.server.access.tokens.set(token, { username })
  const client = { baseUrl: world.baseUrl, fetch: world.server.fetch, clock: world.clock, token: TOKENS.admin }
  Object.defineProperty(world, 'relay', { value: world.start({ client, authorize: undefined, ...options }) })
  return world
}

const as = (user: keyof typeof TOKENS, more: Record<string, string> = {}) => ({
  headers: { authorization: `Bearer ${TOKENS[user]}`, ...more },
})
const AT_0 = `${CONFIG_MAPS}?resourceVersion=0`
const reviews = (world: RelayWorld) => world.events.flatMap((event: RelayEvent) => (event.type === 'review' ? [event.outcome] : []))

it('[relay/34] a user without rights gets the 403 of the API server in its own words', async () => {
  await using world = await reviewed().ready()
  world.server.access.deny({ username: 'alice', resource: 'configmaps' })
  const refused = await world.request(AT_0, as('alice'))
  expect(refused.status).toBe(403)
  expect((await refused.json()).message).toBe(
    'configmaps is forbidden: User "alice" cannot list resource "configmaps" in API group "" at the cluster scope',
  )
  expect((await world.request(AT_0, as('bob'))).status).toBe(200)
  expect(reviews(world)).toEqual(['denied', 'allowed'])
})

it('[relay/34] a user with rights in one namespace reads that namespace only', async () => {
  await using world = await reviewed().ready()
  world.server.access.deny({ username: 'alice', namespace: 'other' })
  expect((await world.request(`${IN_SHOP}?resourceVersion=0`, as('alice'))).status).toBe(200)
  expect((await world.request(AT_0, as('alice'))).status).toBe(403)
  expect((await world.request('/api/v1/namespaces/other/configmaps?resourceVersion=0', as('alice'))).status).toBe(403)
})

it('[relay/34] a request without a known credential gets the 401 of the API server', async () => {
  await using world = await reviewed().ready()
  for (const init of [{}, { headers: { authorization: 'Bearer unknown-token' } }])
    expect((await world.request(AT_0, init)).status).toBe(401)
})

it('[relay/20] the review names the verb, the resource, the namespace, the name and the selectors', async () => {
  const bodies: unknown[] = []
  const world = reviewed({
    callerFetch: async (request) => {
      bodies.push(await request.clone().json())
      return world.server.fetch(request)
    },
  })
  await using _ = await world.ready()
  await world.request(`${IN_SHOP}?resourceVersion=0&fieldSelector=metadata.name%3Da&labelSelector=app%3Dweb`, as('alice'))
  expect(bodies).toEqual([
    {
      kind: 'SelfSubjectAccessReview',
      apiVersion: 'authorization.k8s.io/v1',
      spec: {
        resourceAttributes: {
          verb: 'list',
          version: 'v1',
          resource: 'configmaps',
          namespace: 'shop',
          name: 'a',
          labelSelector: { rawSelector: 'app=web' },
          fieldSelector: { rawSelector: 'metadata.name=a' },
        },
      },
    },
  ])
})

it('[relay/35] a withdrawn right refuses new requests after a minute and ends open watches after five at most', async () => {
  await using world = await reviewed().ready()
  const watch = readWatch(await world.request(`${CONFIG_MAPS}?watch=1&resourceVersion=101&timeoutSeconds=3600`, as('alice')))
  const other = readWatch(await world.request(`${CONFIG_MAPS}?watch=1&resourceVersion=101&timeoutSeconds=3600`, as('bob')))
  expect((await world.request(AT_0, as('alice'))).status).toBe(200)
  world.server.access.deny({ username: 'alice', resource: 'configmaps' })
  await world.advance(59_000)
  expect((await world.request(AT_0, as('alice'))).status).toBe(200)
  await world.advance(1000)
  expect((await world.request(AT_0, as('alice'))).status).toBe(403)
  await world.advance(240_000)
  expect([watch.state, other.state]).toEqual(['ended', 'open'])
  expect(watch.events).toEqual([])
  expect(world.events.filter(({ type }) => type === 'revoked')).toHaveLength(1)
})

it('[relay/36] a review that fails or hangs is a 503 with Retry-After, and no object leaves', async () => {
  await using world = await reviewed().ready()
  const isReview = ({ url }: { url: string }) => url.includes('accessreviews')
  for (const fault of [{ type: 'refuse' }, { type: 'status', status: 500 }] as const) {
    world.server.faults.add({ match: isReview, fault })
    const failed = await world.request(AT_0, as('alice'))
    expect([failed.status, failed.headers.get('retry-after')]).toEqual([503, '1'])
    expect(await failed.text()).not.toContain('"name"')
  }
  world.server.faults.add({ match: isReview, fault: { type: 'delay', ms: 60_000 } })
  const hanging = world.request(AT_0, as('alice'))
  await vi.waitFor(() => expect(world.server.requests.filter(({ state, url }) => state === 'pending' && isReview({ url }))).toHaveLength(1))
  await world.advance(5000)
  expect((await hanging).status).toBe(503)
  expect(reviews(world)).toEqual(['failed', 'failed', 'failed'])
  expect((await world.request(AT_0, as('alice'))).status).toBe(200)
})

it('[relay/36] a hundred requests of one user at once cost one review', async () => {
  await using world = await reviewed().ready()
  const answers = await Promise.all(Array.from({ length: 100 }, () => world.request(AT_0, as('alice'))))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
  expect(reviews(world)).toEqual(['allowed'])
})

it('[relay/37] the credential and the impersonation headers of a caller reach the API server unchanged, and are part of the review', async () => {
  await using world = await reviewed().ready()
  world.server.access.deny({ username: 'carol', resource: 'configmaps' })
  const carol = as('alice', { 'impersonate-user': 'carol', 'impersonate-uid': 'u-1' })
  expect((await world.request(AT_0, as('alice'))).status).toBe(200)
  expect((await (await world.request(AT_0, carol)).json()).message).toContain('User "carol"')
  const passed = world.server.requests.at(-1)?.headers
  expect([passed?.get('authorization'), passed?.get('impersonate-user'), passed?.get('impersonate-uid')]).toEqual([
    `Bearer ${TOKENS.alice}`,
    'carol',
    'u-1',
  ])
})

it('[relay/37] with impersonation the headers of the client never reach the API server, and the user is reviewed by the relay', async () => {
  const authenticate = async ({ headers }: Request) => (headers.get('x-user') ? { user: headers.get('x-user') as string } : undefined)
  await using world = await reviewed({ authorize: impersonation({ authenticate }) }).ready()
  world.server.access.deny({ username: 'dave', resource: 'configmaps' })
  const headers = { authorization: `Bearer ${TOKENS.bob}`, 'impersonate-user': 'root', 'impersonate-group': 'system:masters' }
  expect((await world.request(AT_0, { headers })).status).toBe(401)
  expect((await world.request(AT_0, { headers: { ...headers, 'x-user': 'erin' } })).status).toBe(200)
  expect((await (await world.request(AT_0, { headers: { ...headers, 'x-user': 'dave' } })).json()).message).toContain('User "dave"')
  for (const { headers: sent } of world.server.requests) {
    expect(sent.get('authorization')).toBe(`Bearer ${TOKENS.admin}`)
    expect(['erin', 'dave', null]).toContain(sent.get('impersonate-user'))
    expect(sent.get('impersonate-group')).toBe(null)
  }
  const groups = impersonation({ authenticate: () => ({ user: 'erin', groups: ['a', 'b'] }) })
  const grouped = world.start({
    client: { baseUrl: world.baseUrl, fetch: world.server.fetch, token: TOKENS.admin, clock: world.clock },
    authorize: groups,
  })
  const refused = await grouped.fetch(new Request('http://relay.test/api/v1/pods'))
  expect([refused.status, (await refused.json()).message]).toEqual([501, expect.stringContaining('impersonate-group')])
  await grouped.close()
})

it('[relay/37] a relay without authorization does not act on impersonation headers, which the API server decides about', async () => {
  await using world = await new RelayWorld(['a']).ready()
  await world.request(AT_0, { headers: { 'impersonate-user': 'carol' } })
  expect(world.passes).toEqual(['impersonation'])
})

it('[relay/38] credentials are in no event and in no metric, and reviews are remembered by hashes', async () => {
  await using world = await reviewed().ready()
  await world.request(AT_0, as('alice'))
  await world.request('/api/v1/pods', as('alice', { 'impersonate-user': 'carol-the-impersonated' }))
  expect(reviewKey({ credentials: [['authorization', TOKENS.alice]], review: vi.fn() }, { verb: 'get' } as never)).toMatch(/^[0-9a-f]{64}$/)
  const { relayMetrics } = await import('../../src/relay')
  const metrics = relayMetrics()
  for (const event of world.events) metrics.onEvent(event)
  const told = JSON.stringify(world.events) + metrics.text(world.relay)
  for (const secret of [...Object.values(TOKENS), 'carol-the-impersonated', 'alice']) expect(told).not.toContain(secret)
})

it('a client with a fetch of its own is refused without callerFetch, because it may add the credential of the relay', () => {
  const world = new RelayWorld()
  expect(() => world.start({ authorize: selfReviews(), callerFetch: undefined })).toThrow('callerFetch')
})

it('Secrets are not stored unless they are named', async () => {
  const { Secret } = await import('../../src/resources/core/v1')
  const { memoryPersister } = await import('../../src/persistence/memory/memory-persister')
  await using world = new RelayWorld()
  expect(() => world.start({ resources: [Secret], persist: { to: memoryPersister() } })).toThrow("sensitive: ['secrets']")
  await world.start({ resources: [Secret], persist: { to: memoryPersister(), sensitive: ['secrets'] } }).close()
})
