import { describe, expect, it } from 'vitest'
import { ApiError, ExpiredError, isExpiredError } from '../../src/api/errors'
import type { ListOptions, RequestOptions } from '../../src/api/options'
import { entryFromText } from '../../src/codec/entry'
import type { EntryList } from '../../src/codec/wire'
import type { ListerWatcher } from '../../src/source/lister-watcher'
import { listAll } from '../../src/source/pager'

const request = { method: 'GET', url: 'http://kube.test/api/v1/pods' }
const expired = new ExpiredError({ status: 410, request, body: { kind: 'Status', code: 410, reason: 'Expired' } })

const page = (resourceVersion: string, names: string, token = ''): EntryList<unknown> => ({
  resourceVersion,
  continue: token,
  entries: Array.from(names, (name) => entryFromText(JSON.stringify({ metadata: { name } }))),
})

/** A source that answers with the given pages, one after the other, and what it was asked. */
function source(...answers: (EntryList<unknown> | Error)[]): { asked: (ListOptions & RequestOptions)[]; source: ListerWatcher<unknown> } {
  const asked: (ListOptions & RequestOptions)[] = []
  return {
    asked,
    source: {
      async list(options) {
        asked.push(options)
        const answer = answers[asked.length - 1]
        if (answer instanceof Error) throw answer
        return answer ?? expect.unreachable('asked too often')
      },
      watch: () => expect.unreachable('a list does not watch'),
    },
  }
}

const names = ({ entries }: { entries: readonly { name: string }[] }) => entries.map(({ name }) => name).join('')

describe('a list of everything', () => {
  it('a list without a page size is one request', async () => {
    const { asked, source: from } = source(page('9', 'abc'))
    const list = await listAll(from, { resourceVersion: '' })
    expect(asked).toEqual([{}])
    expect([list.resourceVersion, names(list)]).toEqual(['9', 'abc'])
  })

  it('accepts a page although none was requested', async () => {
    const { asked, source: from } = source(page('9', 'ab', 't'), page('9', 'c'))
    expect(names(await listAll(from, { resourceVersion: '' }))).toBe('abc')
    expect(asked).toEqual([{}, { limit: undefined, continue: 't' }])
  })

  it.each(['0', '5'])('[list/limit-match] never sends a limit at version %s without NotOlderThan', async (resourceVersion) => {
    const { asked, source: from } = source(page('9', 'a'))
    await listAll(from, { resourceVersion, pageSize: 2 })
    expect(asked).toEqual([{ resourceVersion, resourceVersionMatch: 'NotOlderThan', limit: 2 }])
  })

  it('[list/pages] takes the list’s version from the first of three pages, and requests the others by token alone', async () => {
    const { asked, source: from } = source(page('9', 'ab', 't1'), page('10', 'cd', 't2'), page('11', 'e'))
    const list = await listAll(from, { resourceVersion: '5', pageSize: 2 })
    expect([list.resourceVersion, names(list)]).toEqual(['9', 'abcde'])
    expect(asked.slice(1)).toEqual([
      { limit: 2, continue: 't1' },
      { limit: 2, continue: 't2' },
    ])
  })

  it('[list/expired-continue] reads the full list, unpaged, no older than page one when page two expires', async () => {
    const { asked, source: from } = source(page('9', 'ab', 't1'), expired, page('12', 'abx'))
    const list = await listAll(from, { resourceVersion: '5', pageSize: 2 })
    expect([list.resourceVersion, names(list)]).toEqual(['12', 'abx'])
    expect(asked[2]).toEqual({ resourceVersion: '9', resourceVersionMatch: 'NotOlderThan' })
  })

  it('[list/expired-continue] fails when page one expires', async () => {
    await expect(listAll(source(expired).source, { resourceVersion: '5', pageSize: 2 })).rejects.toSatisfy(isExpiredError)
  })

  it('[list/expired-continue] fails without a third attempt when the full list expires as well', async () => {
    const { asked, source: from } = source(page('9', 'ab', 't1'), expired, expired)
    await expect(listAll(from, { resourceVersion: '', pageSize: 2 })).rejects.toBe(expired)
    expect(asked).toHaveLength(3)
  })

  it('[list/inconsistent-continue] never uses the token of an expired response', async () => {
    const inconsistent = new ExpiredError({
      status: 410,
      request,
      body: { kind: 'Status', code: 410, reason: 'Expired', metadata: { continue: 'inconsistent' } } as object,
    })
    const { asked, source: from } = source(page('9', 'ab', 't1'), inconsistent, page('12', 'ab'))
    await listAll(from, { resourceVersion: '', pageSize: 2 })
    expect(asked.map((options) => options.continue)).toEqual([undefined, 't1', undefined])
  })

  it('fails with the error of a later page for any status but 410', async () => {
    const error = new ApiError({ status: 500, request })
    await expect(listAll(source(page('9', 'a', 't'), error).source, { resourceVersion: '', pageSize: 1 })).rejects.toBe(error)
  })

  it('passes signal and onBytes to every request', async () => {
    const { signal } = new AbortController()
    const onBytes = () => undefined
    const { asked, source: from } = source(page('9', 'a', 't'), expired, page('9', 'a'))
    await listAll(from, { resourceVersion: '', pageSize: 1, signal, onBytes })
    for (const options of asked) expect(options).toMatchObject({ signal, onBytes })
    expect(asked).toHaveLength(3)
  })
})
