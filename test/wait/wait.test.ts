import { describe, expect, it } from 'vitest'
import { ConfigMap } from '../../src/resources/core/v1'
import { isDeleted } from '../../src/wait/conditions'
import { waitFor } from '../../src/wait/wait'
import { World } from '../conformance/world'
import { clientOf, quiet, Scene } from '../informer/support'

const hasData = (value: string) => (map: ConfigMap | undefined) => map?.data?.value === value

/** Waits in a world; the requests that were sent come along. */
function waiting(world: World, condition: (map: ConfigMap | undefined) => boolean, signal?: AbortSignal) {
  const requests: URL[] = []
  const met = waitFor(clientOf(world, requests), ConfigMap, 'a', condition, { namespace: 'shop', signal, ...quiet(world) })
  return { met, requests }
}

describe('waitFor', () => {
  it('waitFor resolves at once when the object meets the condition, with one request', async () => {
    const world = new World(['a'])
    world.update('a', { data: { value: '1' } })
    const { met, requests } = waiting(world, hasData('1'))
    await world.settle()
    expect((await met)?.metadata.name).toBe('a')
    expect(requests.map(({ searchParams }) => searchParams.get('fieldSelector'))).toEqual(['metadata.name=a'])
    await world.settle()
    world.expectNothingLeft()
  })

  it('waitFor resolves when a change meets the condition, without a periodic request', async () => {
    const world = new World(['a'])
    const { met, requests } = waiting(world, hasData('1'))
    await world.advance(20_000)
    world.update('a', { data: { value: '1' } })
    await world.settle()
    await met
    expect(requests).toHaveLength(1)
  })

  it('waitFor sees an object that is deleted and created again, also across an expired history', async () => {
    const world = new World(['a'])
    const { uid } = world.server.get(ConfigMap, { name: 'a', namespace: 'shop' })?.metadata ?? {}
    const { met } = waiting(world, isDeleted(uid))
    await world.settle()
    world.server.disconnect()
    world.delete('a')
    world.create('a')
    world.expire()
    await world.advance(10_000)
    expect((await met)?.metadata.uid).not.toBe(uid)
  })

  it('waitFor resolves with undefined when the absence of the object meets the condition', async () => {
    const world = new World([])
    const { met } = waiting(world, isDeleted())
    await world.settle()
    expect(await met).toBeUndefined()
  })

  it('waitFor rejects with the signal’s reason, and leaves nothing behind', async () => {
    const world = new World(['a'])
    const controller = new AbortController()
    const { met } = waiting(world, hasData('never'), controller.signal)
    await world.settle()
    const rejected = expect(met).rejects.toThrow('enough')
    controller.abort(new Error('enough'))
    await rejected
    await world.settle()
    world.expectNothingLeft()
  })

  it('waitFor rejects when the server denies access', async () => {
    const world = new World(['a'])
    world.server.faults.add({ times: Number.POSITIVE_INFINITY, fault: { type: 'status', status: 403 } })
    const rejected = expect(waiting(world, hasData('1')).met).rejects.toMatchObject({ status: 403 })
    await world.settle()
    await rejected
  })

  it('waitFor rejects with the error of a condition that throws', async () => {
    const world = new World(['a'])
    const { met } = waiting(world, () => {
      throw new Error('bad condition')
    })
    const rejected = expect(met).rejects.toThrow('bad condition')
    await world.settle()
    await rejected
  })

  it('waitFor refuses a namespaced resource without a namespace before it sends anything', async () => {
    const requests: URL[] = []
    const client = clientOf(new World(['a']), requests)
    await expect(waitFor(client, ConfigMap, 'a', () => true)).rejects.toThrow('ConfigMap is namespaced: pass { namespace }')
    await expect(waitFor(client, ConfigMap, '', () => true, { namespace: 'shop' })).rejects.toThrow('the name of the object is missing')
    expect(requests).toEqual([])
  })
})

describe('informer.waitFor', () => {
  it('informer.waitFor asks the condition only once the server has confirmed the objects', async () => {
    await using scene = new Scene(['a'])
    let asked = 0
    const met = scene.informer.waitFor((all) => {
      asked++
      return all.get('shop/b')
    })
    expect(asked).toBe(0)
    await scene.settle()
    expect(asked).toBeGreaterThan(0)
    scene.world.create('b')
    await scene.settle()
    expect((await met).key).toBe('shop/b')
  })

  it('informer.waitFor rejects when the informer is closed, and with the signal', async () => {
    const scene = await new Scene(['a']).settle()
    await using _ = scene
    const controller = new AbortController()
    const aborted = expect(scene.informer.waitFor(() => undefined, { signal: controller.signal })).rejects.toThrow('enough')
    await scene.settle()
    controller.abort(new Error('enough'))
    await aborted
    const closed = expect(scene.informer.waitFor(() => false)).rejects.toThrow('stopped before the condition was met')
    await scene.settle()
    await scene.informer.close()
    await closed
  })
})
