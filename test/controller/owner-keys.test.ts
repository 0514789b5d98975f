import { describe, expect, it } from 'vitest'
import type { OwnerReference } from '../../src/api/object'
import { ownerKeys } from '../../src/controller/owner-keys'
import { Deployment } from '../../src/resources/apps/v1'
import { Node } from '../../src/resources/core/v1'
import { named } from './support'

const reference = (apiVersion: string, kind: string, name: string): OwnerReference => ({ apiVersion, kind, name, uid: `uid of ${name}` })

describe('ownerKeys', () => {
  it('ownerKeys returns the owners of the kind, in the namespace of the object', () => {
    const owned = named('web-1', {
      ownerReferences: [reference('apps/v1', 'Deployment', 'web'), reference('apps/v1', 'Deployment', 'spare')],
    })
    expect(ownerKeys(Deployment)(owned)).toEqual(['shop/web', 'shop/spare'])
  })

  it('ownerKeys omits owners of other kinds and groups, but accepts other versions of the group', () => {
    const references = [
      reference('apps/v1', 'StatefulSet', 'kind'),
      reference('example.com/v1', 'Deployment', 'group'),
      reference('v1', 'Deployment', 'core'),
      reference('apps/v1beta2', 'Deployment', 'version'),
    ]
    expect(ownerKeys(Deployment)(named('web-1', { ownerReferences: references }))).toEqual(['shop/version'])
  })

  it('ownerKeys returns the name of a cluster-scoped owner as its key', () => {
    expect(ownerKeys(Node)(named('mirror-of-a-static-pod', { ownerReferences: [reference('v1', 'Node', 'n1')] }))).toEqual(['n1'])
  })

  it('ownerKeys returns nothing for an object without owners', () => {
    expect(ownerKeys(Deployment)(named('web-1'))).toEqual([])
  })
})
