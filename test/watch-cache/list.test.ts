import { describe, expect, it, vi } from 'vitest'
import { isApiError, isExpiredError } from '../../src/api/errors'
import type { KubeObject } from '../../src/api/object'
import type { ListOptions } from '../../src/api/options'
import type { Entry } from '../../src/codec/entry'
import { VirtualClock } from '../../src/testing/virtual-clock'
import type { WatchCacheOptions } from '../../src/watch-cache/cache-options'
import { WatchCache } from '../../src/watch-cache/watch-cache'
import { change, Pod, pod } from './pods'

function setUp(options: Partial<WatchCacheOptions<never>> = {}) {
  const clock = new VirtualClock()
  const cache = new WatchCache({ resource: Pod, clock, ...options })
  // Out of order on purpose, because lists are sorted.
  cache.replace([pod('shop/c', 3), pod('shop/a', 1, { app: 'web' }), pod('other/z', 2), pod('shop/b', 4, { app: 'web' })], '10')
  const keys = async (query: ListOptions & { namespace?: string }) => (await cache.list(query)).entries.map(({ key }) => key)
  const failure = (query: ListOptions) =>
    cache.list(query).then(
      () => undefined,
      (error: unknown) => error,
    )
  return { clock, cache, keys, failure }
}

describe('LIST', () => {
  it('a list returns every entry, sorted by namespace and name, at the version of the cache', async () => {
    const { cache, keys } = setUp()
    expect(await keys({})).toEqual(['other/z', 'shop/a', 'shop/b', 'shop/c'])
    expect(await cache.list({ resourceVersion: '0' })).toMatchObject({ resourceVersion: '10', continue: '' })
  })

  it('a list returns the entries of a namespace, a label selector and a field selector', async () => {
    const { keys } = setUp()
    expect(await keys({ namespace: 'shop' })).toEqual(['shop/a', 'shop/b', 'shop/c'])
    expect(await keys({ labelSelector: 'app=web' })).toEqual(['shop/a', 'shop/b'])
    expect(await keys({ labelSelector: 'app!=web' })).toEqual(['other/z', 'shop/c'])
    expect(await keys({ fieldSelector: 'metadata.name!=a,metadata.namespace=shop' })).toEqual(['shop/b', 'shop/c'])
  })

  it('a list selects by the field labels of the resource, with the declared default for objects that lack one', async () => {
    const { keys } = setUp({ fieldLabels: { 'metadata.uid': '', 'spec.hostNetwork': 'false' } })
    expect(await keys({ fieldSelector: 'metadata.uid=uid-of-shop/c' })).toEqual(['shop/c'])
    expect(await keys({ fieldSelector: 'spec.hostNetwork=false', namespace: 'other' })).toEqual(['other/z'])
    expect(await keys({ fieldSelector: 'spec.hostNetwork!=false' })).toEqual([])
  })

  it.each([
    ['metadata.uid=a', {}, '"metadata.uid" is not a known field selector: only "metadata.name", "metadata.namespace"'],
    ['metadata.name=a,toString=x', { 'status.phase': '' }, 'field label not supported: toString'],
  ])('a list with the unknown field label in %s is 400 with the wording of the API server', async (fieldSelector, fieldLabels, message) => {
    const { cache, failure } = setUp({ fieldLabels })
    expect(await failure({ fieldSelector })).toMatchObject({ status: 400, message: expect.stringContaining(message) })
    await expect(cache.watch({ fieldSelector }).next()).rejects.toMatchObject({ status: 400 })
  })

  it('a list of one name has only that object, without a token, because nothing can follow', async () => {
    const { cache, keys } = setUp()
    const one = { namespace: 'shop', fieldSelector: 'metadata.name=a', limit: 1 }
    expect(await cache.list(one)).toMatchObject({ entries: [{ key: 'shop/a' }], continue: '' })
    expect(await keys({ ...one, fieldSelector: 'metadata.name=a,metadata.namespace=other' })).toEqual([])
    expect(await keys({ ...one, labelSelector: 'app!=web' })).toEqual([])
    cache.apply([change('DELETED', pod('shop/a', 11))])
    expect(await keys(one)).toEqual([])
    expect(await keys({ ...one, resourceVersion: '10', resourceVersionMatch: 'Exact' })).toEqual(['shop/a'])
  })

  it.each(['shop', 'shop-1', 'sho', 'shop0'])('a list of the namespace %s has its entries and none of similar names', async (namespace) => {
    const { cache, keys } = setUp()
    const all = ['sho/a', 'shop-1/a', 'shop-1/b', 'shop/a', 'shop/b', 'shop0/a']
    cache.replace(
      all.map((key, at) => pod(key, at + 1)),
      '20',
    )
    expect(await keys({ namespace })).toEqual(all.filter((key) => key.startsWith(`${namespace}/`)))
    expect(await keys({ namespace, limit: 1 })).toEqual(all.filter((key) => key.startsWith(`${namespace}/`)).slice(0, 1))
  })

  it('a list accepts leading zeros in a version, like API servers', async () => {
    const { cache } = setUp()
    expect(await cache.list({ resourceVersion: '00', limit: 1 })).toMatchObject({ continue: '' })
    expect(await cache.list({ resourceVersion: '010', limit: 1 })).toMatchObject({ resourceVersion: '10' })
  })

  it('a list is empty before the first event, and 429 before the first replace', async () => {
    const cache = new WatchCache({ resource: Pod })
    await expect(cache.list({})).rejects.toMatchObject({ status: 429, reason: 'TooManyRequests', retryAfterMs: 1000 })
    cache.replace([], '1')
    expect(await cache.list({})).toEqual({ resourceVersion: '1', continue: '', entries: [] })
  })

  it('a list at a future version waits three seconds, then is 504 ResourceVersionTooLarge with a retry after one second', async () => {
    const { clock, failure } = setUp()
    let error: unknown
    const listed = failure({ resourceVersion: '11', resourceVersionMatch: 'NotOlderThan' }).then((result) => {
      error = result
    })
    await clock.advance(2999)
    expect(error).toBeUndefined()
    await clock.advance(1)
    await listed
    expect(error).toSatisfy(isApiError)
    expect(error).toMatchObject({
      status: 504,
      reason: 'Timeout',
      retryAfterMs: 1000,
      body: { details: { causes: [{ reason: 'ResourceVersionTooLarge' }], retryAfterSeconds: 1 } },
    })
    expect(clock.pending).toBe(0)
  })

  it.each(['a change', 'a bookmark'])('a list at a future version is answered as soon as %s reaches it', async (what) => {
    const { clock, cache } = setUp()
    const listed = cache.list({ resourceVersion: '12' })
    await clock.advance(1000)
    if (what === 'a change') cache.apply([change('ADDED', pod('shop/d', 12))])
    else cache.bookmark('13')
    expect(await listed).toMatchObject({ resourceVersion: what === 'a change' ? '12' : '13' })
    expect(clock.pending).toBe(0)
  })

  it('an abort ends the wait of a list with the reason of the signal, and leaves no timer', async () => {
    const { clock, cache } = setUp()
    const controller = new AbortController()
    const listed = cache.list({ resourceVersion: '12', signal: controller.signal })
    controller.abort('enough')
    await expect(listed).rejects.toBe('enough')
    await expect(cache.list({ signal: controller.signal })).rejects.toBe('enough')
    expect(clock.pending).toBe(0)
  })

  it('a list exactly at a past version shows the state of that moment', async () => {
    const { cache, keys } = setUp()
    cache.apply([
      change('ADDED', pod('shop/d', 11)),
      change('MODIFIED', pod('shop/a', 12, { app: 'api' })),
      change('DELETED', pod('shop/b', 13)),
    ])
    const exactly = (resourceVersion: string, labelSelector?: string) =>
      keys({ resourceVersion, resourceVersionMatch: 'Exact', labelSelector })
    expect(await exactly('10')).toEqual(['other/z', 'shop/a', 'shop/b', 'shop/c'])
    expect(await exactly('11')).toEqual(['other/z', 'shop/a', 'shop/b', 'shop/c', 'shop/d'])
    expect(await exactly('11', 'app=web')).toEqual(['shop/a', 'shop/b'])
    expect(await exactly('12', 'app=web')).toEqual(['shop/b'])
    expect(await exactly('13', 'app=web')).toEqual([])
    expect(await cache.list({ resourceVersion: '11', resourceVersionMatch: 'Exact' })).toMatchObject({ resourceVersion: '11' })
  })

  it('a list with a limit, a version and no match is an exact read, while NotOlderThan is not', async () => {
    const { cache } = setUp()
    cache.apply([change('ADDED', pod('a/a', 11))])
    expect(await cache.list({ limit: 1, resourceVersion: '10' })).toMatchObject({ resourceVersion: '10', entries: [{ key: 'other/z' }] })
    expect(await cache.list({ limit: 1, resourceVersion: '10', resourceVersionMatch: 'NotOlderThan' })).toMatchObject({
      resourceVersion: '11',
      entries: [{ key: 'a/a' }],
    })
    expect(await cache.list({ resourceVersion: '10' })).toMatchObject({ resourceVersion: '11' })
  })

  it('a list exactly at a version outside the window is 410 Expired', async () => {
    const { cache, failure } = setUp({ capacity: 1 })
    cache.apply([change('ADDED', pod('shop/d', 11)), change('ADDED', pod('shop/e', 12))])
    cache.apply([change('ADDED', pod('shop/f', 13))])
    expect(await failure({ resourceVersion: '10', resourceVersionMatch: 'Exact' })).toSatisfy(isExpiredError)
    expect(await failure({ resourceVersion: '10', limit: 1 })).toMatchObject({ status: 410, reason: 'Expired' })
    expect(await failure({ resourceVersion: '10' })).toBeUndefined()
  })

  it.each<[ListOptions, number, string]>([
    [{ resourceVersionMatch: 'Exact' }, 422, 'resourceVersionMatch is forbidden unless resourceVersion is provided'],
    [{ resourceVersionMatch: 'Exact', resourceVersion: '0' }, 422, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'],
    [{ resourceVersionMatch: 'Newest' as never, resourceVersion: '1' }, 422, 'Unsupported value: "Newest"'],
    [
      { resourceVersionMatch: 'NotOlderThan', resourceVersion: '1', continue: 'x' },
      422,
      'resourceVersionMatch is forbidden when continue is provided',
    ],
    [{ resourceVersion: 'abc' }, 400, 'invalid resource version'],
    [{ continue: 'xyz' }, 400, 'invalid continue token'],
    [{ labelSelector: 'a b' }, 400, 'column 3 of the selector "a b"'],
    [{ fieldSelector: 'foo' }, 400, "after 'foo'"],
    [{ sendInitialEvents: true } as ListOptions, 422, 'sendInitialEvents is forbidden for list'],
    [{ resourceVersion: '-1' }, 400, 'Invalid value: "-1"'],
    [{ resourceVersion: '1e3' }, 400, 'Invalid value: "1e3"'],
    [{ resourceVersion: ' 1' }, 400, 'Invalid value: " 1"'],
    [{ labelSelector: '==', resourceVersionMatch: 'Exact' }, 400, 'unable to parse requirement'],
    [{ fieldSelector: 'a=b', resourceVersionMatch: 'Exact' }, 422, 'resourceVersionMatch is forbidden'],
  ])('a list with %j is %i: %s', async (options, status, message) => {
    const error = await setUp().failure(options)
    expect(error).toMatchObject({ status, reason: status === 422 ? 'Invalid' : 'BadRequest', message: expect.stringContaining(message) })
  })
})

describe('pages', () => {
  it('pages follow one another through a limit, and report the number of remaining entries', async () => {
    const { cache } = setUp()
    const first = await cache.list({ limit: 2 })
    expect(first).toMatchObject({ entries: [{ key: 'other/z' }, { key: 'shop/a' }], remainingItemCount: 2 })
    const second = await cache.list({ limit: 2, continue: first.continue })
    expect(second).toMatchObject({ entries: [{ key: 'shop/b' }, { key: 'shop/c' }], continue: '' })
    expect(second.remainingItemCount).toBeUndefined()
  })

  it('pages with a selector continue while any object follows, and do not report how many remain', async () => {
    const { cache } = setUp()
    const web = { limit: 1, labelSelector: 'app=web' }
    const first = await cache.list(web)
    expect(first).toMatchObject({ entries: [{ key: 'shop/a' }] })
    expect(first.remainingItemCount).toBeUndefined()
    const second = await cache.list({ ...web, continue: first.continue })
    expect(second).toMatchObject({ entries: [{ key: 'shop/b' }], continue: expect.stringMatching(/./) })
    expect(await cache.list({ ...web, continue: second.continue })).toMatchObject({ entries: [], continue: '' })
  })

  it('a page reads no object beyond its end', async () => {
    const { cache } = setUp()
    const labels = vi.spyOn(cache.get('shop/c') as Entry<KubeObject>, 'labels', 'get')
    expect((await cache.list({ limit: 2, labelSelector: 'app=web' })).entries).toHaveLength(2)
    expect(labels).not.toHaveBeenCalled()
  })

  it('pages of a namespace count the remaining entries of the namespace', async () => {
    const { cache } = setUp()
    cache.apply([change('ADDED', pod('zoo/a', 11))])
    expect(await cache.list({ namespace: 'shop', limit: 1 })).toMatchObject({ entries: [{ key: 'shop/a' }], remainingItemCount: 2 })
    expect(await cache.list({ namespace: 'shop', limit: 3 })).toMatchObject({ continue: '' })
  })

  it('all pages show the state of the first one, regardless of changes in between', async () => {
    const { cache } = setUp()
    const first = await cache.list({ limit: 2 })
    cache.apply([change('DELETED', pod('shop/b', 11)), change('ADDED', pod('shop/bb', 12)), change('MODIFIED', pod('shop/c', 13))])
    const second = await cache.list({ limit: 2, continue: first.continue })
    expect(second).toMatchObject({
      resourceVersion: '10',
      entries: [
        { key: 'shop/b', resourceVersion: '4' },
        { key: 'shop/c', resourceVersion: '3' },
      ],
    })
  })

  it('continue and resourceVersion together are a 400, unless the version is "0"', async () => {
    const { cache, failure } = setUp()
    const { continue: token } = await cache.list({ limit: 3 })
    expect(await failure({ continue: token, resourceVersion: '10' })).toMatchObject({
      status: 400,
      message: expect.stringContaining('specifying resource version is not allowed when using continue'),
    })
    expect(await failure({ continue: token, resourceVersion: '0' })).toBeUndefined()
  })

  it('an expired token is a 410 with an inconsistent token from the same key', async () => {
    const { cache, failure } = setUp()
    const { continue: token } = await cache.list({ limit: 2 })
    cache.apply([change('DELETED', pod('shop/b', 11)), change('ADDED', pod('shop/aa', 12))])
    cache.compact()
    const error = await failure({ continue: token, limit: 1 })
    expect(error).toSatisfy(isExpiredError)
    expect(error).toMatchObject({
      body: { reason: 'Expired', message: expect.stringContaining('The provided continue parameter is too old') },
    })
    const { body } = error as { body: { metadata: { continue: string } } }
    const rest = await cache.list({ continue: body.metadata.continue, limit: 1 })
    expect(rest).toMatchObject({ resourceVersion: '12', entries: [{ key: 'shop/aa' }], remainingItemCount: 1 })
    expect(await cache.list({ continue: rest.continue })).toMatchObject({ resourceVersion: '12', entries: [{ key: 'shop/c' }] })
  })
})
