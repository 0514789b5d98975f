import { beforeEach, describe, test } from 'vitest'
import { idbPersister } from '../../src/idb'
import { contract, Holder } from './contract'
import { freshIndexedDB } from './support/fake-idb'

beforeEach(freshIndexedDB)

describe('idbPersister on fake-indexeddb', () => {
  for (const { title, run } of contract)
    test(title, () => run({ open: () => new Holder(idbPersister({ database: 'test', whenIdle: (tidy) => tidy() })) }))
})
