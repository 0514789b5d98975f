import { beforeEach, describe, test } from 'vitest'
import { idbPersister } from '../../src/idb'
import { packing } from '../../src/informer/packing/packing'
import { contract, Holder } from './contract'
import { freshIndexedDB } from './support/fake-idb'

beforeEach(freshIndexedDB)

describe('idbPersister on fake-indexeddb', () => {
  for (const { title, run } of contract)
    test(title, () => run({ open: () => new Holder(idbPersister({ database: 'test', whenIdle: (tidy) => tidy() })) }))
})

describe('idbPersister on fake-indexeddb, with packing', () => {
  const open = () => new Holder(idbPersister({ database: 'test', whenIdle: (tidy) => tidy(), pack: packing() }))
  for (const { title, run } of contract) test(title, () => run({ open }))
})
