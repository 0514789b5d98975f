import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { defineResource } from '../../src/api/resource'
import { checkSelectors } from '../../src/api/selector-options'
import { isSelectorError } from '../../src/api/selectors'
import { entryParams } from '../../src/http/entry-params'
import { ListWatch } from '../../src/source/list-watch'
import { serve } from './server'

const Pod = defineResource({ version: 'v1', plural: 'pods', kind: 'Pod' })
const errorOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

afterEach(() => {
  vi.doUnmock('../../src/api/selector-options')
  vi.resetModules()
})

describe('the selectors of a list or watch of entries', () => {
  const selector = fc.string({
    unit: fc.constantFrom('a', 'b.c', '=', '==', '!', '!=', ',', '\\', '(', ')', ' in ', ' ', 'é'),
    maxLength: 8,
  })

  it('the selectors of a list or watch of entries are refused exactly where checkSelectors refuses them', async () => {
    await fc.assert(
      fc.asyncProperty(selector, fc.constantFrom('labelSelector', 'fieldSelector'), async (value, name) => {
        let expected: unknown
        try {
          checkSelectors({ [name]: value })
        } catch (error) {
          expected = error
        }
        expect(await errorOf(entryParams({ [name]: value }))).toEqual(expected)
      }),
      { numRuns: 2_000 },
    )
  })

  it('invalid selectors reject the first list and watch of a ListWatch, which sends nothing', async () => {
    const { client, requests } = serve(() => ({}))
    const source = new ListWatch(client(), Pod, { labelSelector: 'app in (a' })
    const errors = [await errorOf(source.list({})), await errorOf(source.watch({})[Symbol.asyncIterator]().next() as Promise<unknown>)]
    for (const error of errors) {
      expect(error).toSatisfy(isSelectorError)
      expect(error).toMatchObject({ selector: 'app in (a', column: 10 })
    }
    expect(requests).toEqual([])
  })

  it('selectors whose parsers cannot be loaded are left to the server', async () => {
    vi.resetModules()
    vi.doMock('../../src/api/selector-options', () => {
      throw new TypeError('Failed to fetch dynamically imported module')
    })
    const { entryParams: withoutParsers } = await import('../../src/http/entry-params')
    expect(String(await withoutParsers({ labelSelector: 'app in (a' }))).toBe('labelSelector=app+in+%28a')
  })
})
