import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../src/api/object'
import { KubeClient } from '../../src/http/client'
import { appliedBy } from '../../src/operator/applied-by'
import { withFinalizer } from '../../src/operator/finalizer'
import { controlledBy, controllerOf, controllerReference, ownerReference } from '../../src/operator/owners'
import { Deployment } from '../../src/resources/apps/v1'
import { ConfigMap } from '../../src/resources/core/v1'
import { FakeApiServer } from '../../src/testing/fake-api-server'

const FINALIZER = 'example.com/cleanup'

function setUp() {
  const server = new FakeApiServer()
  return { server, client: new KubeClient({ baseUrl: 'http://kubernetes.test', fetch: server.fetch }) }
}

describe('withFinalizer', () => {
  const steps = () => {
    const calls: string[] = []
    return {
      calls,
      reconcile: async (object: ConfigMap) => void calls.push(`reconcile ${object.metadata.finalizers}`) as undefined,
      cleanUp: async () => void calls.push('clean up'),
    }
  }

  it('withFinalizer adds the finalizer before it reconciles, and keeps those of others', async () => {
    const { server, client } = setUp()
    const map = server.create(ConfigMap, { metadata: { name: 'a', namespace: 'shop', finalizers: ['other.com/x'] } })
    const { calls, ...both } = steps()
    await withFinalizer(client, ConfigMap, map, FINALIZER, both)
    expect(calls).toEqual([`reconcile other.com/x,${FINALIZER}`])
    expect(server.get(ConfigMap, map.metadata as { name: string; namespace: string })?.metadata.finalizers).toEqual([
      'other.com/x',
      FINALIZER,
    ])
  })

  it('withFinalizer cleans up an object that is being deleted, then removes only its own finalizer', async () => {
    const { server, client } = setUp()
    const at = { name: 'a', namespace: 'shop' }
    server.create(ConfigMap, { metadata: { ...at, finalizers: [FINALIZER, 'other.com/x'] } })
    await client.delete(ConfigMap, 'a', { namespace: 'shop' })
    const { calls, ...both } = steps()
    const deleted = await client.get(ConfigMap, 'a', { namespace: 'shop' })
    await withFinalizer(client, ConfigMap, deleted, FINALIZER, both)
    expect(calls).toEqual(['clean up'])
    expect(server.get(ConfigMap, at)?.metadata.finalizers).toEqual(['other.com/x'])
    await withFinalizer(client, ConfigMap, await client.get(ConfigMap, 'a', { namespace: 'shop' }), FINALIZER, both)
    expect(calls).toEqual(['clean up'])
  })

  it('withFinalizer rejects with a conflict when the object has changed, so that it is reconciled again', async () => {
    const { server, client } = setUp()
    const map = server.create(ConfigMap, { metadata: { name: 'a', namespace: 'shop' } })
    server.update(ConfigMap, { metadata: { name: 'a', namespace: 'shop' }, data: { changed: 'yes' } })
    const { calls, ...both } = steps()
    await expect(withFinalizer(client, ConfigMap, map, FINALIZER, both)).rejects.toMatchObject({ status: 409 })
    expect(calls).toEqual([])
  })

  it('withFinalizer takes an object that is gone after the clean-up for done, and refuses an unqualified name', async () => {
    const { server, client } = setUp()
    server.create(ConfigMap, { metadata: { name: 'a', namespace: 'shop', finalizers: [FINALIZER] } })
    await client.delete(ConfigMap, 'a', { namespace: 'shop' })
    const object = await client.get(ConfigMap, 'a', { namespace: 'shop' })
    const remove = async () => {
      await client.patch(ConfigMap, 'a', { merge: { metadata: { finalizers: null } } as never }, { namespace: 'shop' })
    }
    await withFinalizer(client, ConfigMap, object, FINALIZER, { reconcile: async () => undefined, cleanUp: remove })
    await expect(
      withFinalizer(client, ConfigMap, object, 'cleanup', { reconcile: async () => undefined, cleanUp: remove }),
    ).rejects.toThrow('must be qualified, such as example.com/cleanup, got "cleanup"')
  })
})

describe('owner references', () => {
  const owner: KubeObject = { kind: 'Widget', apiVersion: 'example.com/v1', metadata: { name: 'w', namespace: 'shop', uid: 'u1' } }

  it('an owner reference has the kind of the owner, or of its resource', () => {
    expect(ownerReference(owner)).toEqual({ apiVersion: 'example.com/v1', kind: 'Widget', name: 'w', uid: 'u1' })
    expect(ownerReference({ metadata: { name: 'a', uid: 'u' } }, Deployment)).toMatchObject({ apiVersion: 'apps/v1', kind: 'Deployment' })
    expect(controllerReference(owner)).toMatchObject({ controller: true, blockOwnerDeletion: true })
    expect(() => ownerReference({ metadata: { name: 'a' } })).toThrow('the owner has no uid')
    expect(() => ownerReference({ metadata: { name: 'a', uid: 'u' } })).toThrow('has no kind and apiVersion: pass its resource')
  })

  it('an object has one controller, which controlledBy does not replace', () => {
    const object = controlledBy<ConfigMap>({ metadata: { name: 'a', namespace: 'shop' } }, owner)
    expect(controllerOf(object)?.uid).toBe('u1')
    expect(controlledBy(object, owner).metadata.ownerReferences).toHaveLength(1)
    const other = { ...owner, metadata: { ...owner.metadata, uid: 'u2' } }
    expect(() => controlledBy(object, other)).toThrow('a is controlled by Widget w already')
  })

  it('a namespaced owner owns only objects of its namespace', () => {
    expect(() => controlledBy<ConfigMap>({ metadata: { name: 'a', namespace: 'back' } }, owner)).toThrow('can only own objects there')
    expect(() => controlledBy<KubeObject>({ metadata: { name: 'a' } }, owner)).toThrow('can only own objects there')
  })
})

describe('appliedBy', () => {
  it('applying what a manager owns without a field removes that field, and no other manager’s', async () => {
    const { server, client } = setUp()
    const at = { namespace: 'shop', fieldManager: 'dashboard' }
    await client.apply(ConfigMap, { metadata: { name: 'a', namespace: 'shop', labels: { mine: '1' } }, data: { a: '1', b: '2' } }, at)
    await client.apply(ConfigMap, { metadata: { name: 'a', namespace: 'shop' }, data: { c: '3' } }, { ...at, fieldManager: 'other' })
    const map = await client.get(ConfigMap, 'a', { namespace: 'shop' })
    const own = appliedBy(map, 'dashboard')
    expect(own).toMatchObject({ metadata: { name: 'a', namespace: 'shop', labels: { mine: '1' } }, data: { a: '1', b: '2' } })
    expect(own.data).not.toHaveProperty('c')
    const { b: _, ...rest } = own.data ?? {}
    await client.apply(ConfigMap, { ...own, data: rest }, at)
    expect(server.get(ConfigMap, { name: 'a', namespace: 'shop' })?.data).toEqual({ a: '1', c: '3' })
  })

  it('appliedBy finds items of lists by their keys, their values and their index', () => {
    const object = {
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: {
        name: 'a',
        finalizers: ['x/y', 'z/z'],
        managedFields: [
          {
            manager: 'm',
            operation: 'Apply',
            fieldsV1: {
              'f:metadata': { 'f:finalizers': { 'v:"x/y"': {} } },
              'f:spec': { 'f:containers': { 'k:{"name":"b"}': { '.': {}, 'f:image': {} } }, 'f:args': { 'i:1': {} } },
            },
          },
        ],
      },
      spec: {
        containers: [
          { name: 'a', image: '1' },
          { name: 'b', image: '2', tty: true },
        ],
        args: ['p', 'q'],
      },
    } as unknown as KubeObject
    expect(appliedBy(object, 'm')).toEqual({
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { name: 'a', finalizers: ['x/y'] },
      spec: { containers: [{ name: 'b', image: '2' }], args: ['q'] },
    })
    expect(appliedBy(object, 'nothing')).toEqual({ kind: 'Pod', apiVersion: 'v1', metadata: { name: 'a' } })
  })
})
