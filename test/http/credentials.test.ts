import { describe, expect, it, vi } from 'vitest'
import { isApiError, isConnectionError } from '../../src/api/errors'
import { defineResource } from '../../src/api/resource'
import { deferred, serve, status } from './server'

const Pod = defineResource({ version: 'v1', plural: 'pods', kind: 'Pod' })
const empty = { metadata: { resourceVersion: '1' }, items: [] }

const tokensOf = (requests: readonly Request[]) => requests.map(({ headers }) => headers.get('authorization'))
/** A server that lets one token in. */
const guarded = (good: string) =>
  serve((request) => (request.headers.get('authorization') === `Bearer ${good}` ? empty : status(401, 'Unauthorized')))

describe('a token', () => {
  it('a token is sent with every request', async () => {
    const { client, requests } = guarded('t')
    const kube = client({ token: 't' })
    await kube.list(Pod)
    await kube.list(Pod)
    expect(tokensOf(requests)).toEqual(['Bearer t', 'Bearer t'])
  })

  it('a fixed token that is refused is an ApiError, without a second attempt', async () => {
    const { client, requests } = guarded('t')
    await expect(client({ token: 'old' }).list(Pod)).rejects.toMatchObject({ status: 401, reason: 'Unauthorized' })
    expect(requests).toHaveLength(1)
  })

  it('a client without a token sends none', async () => {
    const { client, requests } = serve(() => empty)
    await client().list(Pod)
    await client({ token: () => undefined }).list(Pod)
    expect(tokensOf(requests)).toEqual([null, null])
  })
})

describe('a token function', () => {
  it('a token function is called once, when a token is first needed', async () => {
    const token = vi.fn(async () => 't')
    const kube = guarded('t').client({ token })
    expect(token).not.toHaveBeenCalled()
    await Promise.all([kube.list(Pod), kube.list(Pod)])
    await kube.list(Pod)
    expect(token).toHaveBeenCalledTimes(1)
  })

  it('a token function is called again after a 401, and the request is sent once more', async () => {
    const tokens = ['old', 'new']
    const token = vi.fn(() => tokens.shift())
    const { client, requests } = guarded('new')
    const kube = client({ token })
    await kube.list(Pod)
    await kube.list(Pod)
    expect(tokensOf(requests)).toEqual(['Bearer old', 'Bearer new', 'Bearer new'])
  })

  it('a token function is called once for any number of refused requests', async () => {
    const tokens = ['old', 'new']
    const token = vi.fn(async () => tokens.shift())
    const { client, requests } = guarded('new')
    const kube = client({ token })
    await Promise.all(Array.from({ length: 20 }, () => kube.list(Pod)))
    expect(token).toHaveBeenCalledTimes(2)
    expect(requests).toHaveLength(40)
  })

  it('a token function is not called for a refusal that arrives after another token was found', async () => {
    const late = deferred<Response>()
    const tokens = ['old', 'new', 'newer']
    const token = vi.fn(async () => tokens.shift())
    const { client } = serve((request, count) =>
      count === 1 ? late.promise : request.headers.get('authorization') === 'Bearer new' ? empty : status(401, 'Unauthorized'),
    )
    const kube = client({ token })
    const slow = kube.list(Pod)
    await kube.list(Pod)
    late.resolve(status(401, 'Unauthorized'))
    await slow
    expect(token).toHaveBeenCalledTimes(2)
  })

  it('a token function that returns the refused token again leaves the 401 as it is', async () => {
    const token = vi.fn(async () => 'old')
    const { client, requests } = guarded('new')
    await expect(client({ token }).list(Pod)).rejects.toSatisfy((error) => isApiError(error) && error.status === 401)
    expect(requests).toHaveLength(1)
    expect(token).toHaveBeenCalledTimes(2)
  })

  it('a token function whose second token is refused too is not called a third time', async () => {
    let count = 0
    const token = vi.fn(async () => `t${++count}`)
    const { client, requests } = guarded('none')
    await expect(client({ token }).list(Pod)).rejects.toMatchObject({ status: 401 })
    expect(requests).toHaveLength(2)
    expect(token).toHaveBeenCalledTimes(2)
  })

  it('a token function that fails is a ConnectionError with its error as the cause, sends nothing, and is called again by the next request', async () => {
    let fails = true
    const { client, requests } = guarded('t')
    const kube = client({
      token: () => {
        if (fails) throw new Error('no network')
        return 't'
      },
    })
    await expect(kube.list(Pod)).rejects.toSatisfy((error) => isConnectionError(error) && error.message.endsWith('no answer (no network)'))
    expect(requests).toHaveLength(0)
    fails = false
    await kube.list(Pod)
    expect(requests).toHaveLength(1)
  })

  it('a token function that fails after a 401 fails the requests that wait for it, and no later one', async () => {
    const answers = [() => 'old', () => Promise.reject(new Error('logged out')), () => 'new']
    const token = vi.fn(async () => answers.shift()?.())
    const kube = guarded('new').client({ token })
    const results = await Promise.allSettled([kube.list(Pod), kube.list(Pod)])
    expect(
      results.map((result) => result.status === 'rejected' && isConnectionError(result.reason) && String(result.reason.cause)),
    ).toEqual(['Error: logged out', 'Error: logged out'])
    await kube.list(Pod)
    expect(token).toHaveBeenCalledTimes(3)
  })

  it('the body of a refused response is closed', async () => {
    const cancel = vi.fn()
    const tokens = ['old', 'new']
    const { client } = serve((request) =>
      request.headers.get('authorization') === 'Bearer new' ? empty : new Response(new ReadableStream({ cancel }), { status: 401 }),
    )
    await client({ token: () => tokens.shift() }).list(Pod)
    expect(cancel).toHaveBeenCalledOnce()
  })
})
