import { describe, expect, test } from 'vitest'
import { type MemoryStorage, memoryPersister } from '../../src/persistence/memory/memory-persister'
import { contract, Holder, replace, scopeOf, stored } from './contract'

describe('memoryPersister', () => {
  for (const { title, run } of contract)
    test(title, async () => {
      const storage: MemoryStorage = new Map()
      await run({ open: () => new Holder(memoryPersister(storage)) })
    })

  test('memoryPersister without a storage argument shares nothing', async () => {
    await new Holder(memoryPersister()).commit(scopeOf(), replace('1', { a: 'a1' }))
    expect(await stored(memoryPersister())).toBe('nothing')
  })
})
