import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../src/api/object'
import { Store } from '../../src/store/store'
import { storeContract } from './contract'
import { entry } from './entries'

describe('Store', () => {
  storeContract(() => new Store<KubeObject>())

  it('a store keeps objects under the keys of its own key function', () => {
    const store = new Store<KubeObject>((object) => ('metadata' in object ? object.metadata.uid : object.uid) ?? '')
    store.replace([entry('a'), entry('b')], '1')
    expect(store.keys()).toEqual(['uid-a', 'uid-b'])
    expect(store.keyOf(entry('c'))).toBe('uid-c')
    store.apply([{ type: 'DELETED', entry: entry('a', { rv: '2' }) }], '2')
    store.delete({ metadata: { name: 'b', namespace: 'n', uid: 'uid-b' } })
    expect(store.size).toBe(0)
  })
})
