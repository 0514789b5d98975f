import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { type GoTest, runGoTests, whyNoGo } from './go-test.ts'
import { serveFakeServers } from './servers.ts'

/** The suite's tests, as kube-apiserver's watch cache calls them, below the Go tests that run them. */
const applicable = {
  TestStorage: [
    ...['Create', 'CreateWithKeyExist', 'Get', 'UnconditionalDelete', 'ConditionalDelete', 'DeleteWithSuggestion'],
    ...['DeleteWithSuggestionAndConflict', 'DeleteWithConflict', 'DeleteWithSuggestionOfDeletedObject'],
    ...['ValidateDeletionWithSuggestion', 'ValidateDeletionWithOnlySuggestionValid', 'PreconditionalDeleteWithSuggestion'],
    ...['PreconditionalDeleteWithOnlySuggestionPass', 'GuaranteedUpdate', 'GuaranteedUpdateWithConflict'],
    ...['GuaranteedUpdateWithSuggestionAndConflict', 'ListPaging', 'GetListRecursivePrefix', 'ListContinuation'],
    ...['ListPaginationRareObject', 'ListContinuationWithFilter', 'ListResourceVersionMatch', 'NamespaceScopedList', 'Watch'],
    ...['DeleteTriggerWatch', 'WatchFromNonZero', 'DelayedWatchDelivery', 'WatchContextCancel', 'WatcherTimeout'],
    ...['WatchDeleteEventObjectHaveLatestRV', 'WatchInitializationSignal', 'NamespaceScopedWatch', 'WatchDispatchBookmarkEvents'],
    ...['WatchBookmarksWithCorrectResourceVersion', 'SendInitialEventsBackwardCompatibility', 'WatchSemantics'],
    ...['WatchSemanticInitialEventsExtended', 'WatchListMatchSingle'],
  ],
  TestClusterScoped: ['ClusterScopedWatch'],
  TestControlled: ['List', 'ConsistentList', 'GetListNonRecursive', 'CompactRevision', 'ListInconsistentContinuation', 'WatchFromZero'],
}
const expected = Object.entries(applicable).flatMap(([parent, names]) => names.map((name) => `${parent}/${name}`))

/** The suite's tests without a REST form; Go states the reason of each. */
const notApplicable = [
  ...['CreateWithTTL', 'GuaranteedUpdateWithTTL', 'GuaranteedUpdateChecksStoredData', 'TransformationFailure', 'WatchError'],
  ...['WatchErrorIsBlockingFurtherEvents', 'WatchWithUnsafeDelete', 'Stats', 'KeySchema', 'OptionalTestProgressNotify'],
].map((name) => `TestNotApplicable/${name}`)

/** Cases that the suite itself leaves out for watch caches: they do not page a list at "0". */
const leftOut = ['', '_match=NotOlderThan'].map((match) => `TestControlled/List/test_List_with_limit_at_resource_version_0${match}`)

const reason = whyNoGo()

describe.skipIf(reason)(`kube-apiserver's storage suite against the fake API server${reason ? ` (skipped: ${reason})` : ''}`, () => {
  let tests: ReadonlyMap<string, GoTest> = new Map()
  /** The test and its own subtests. */
  const family = (name: string) => [...tests].filter(([other]) => other === name || other.startsWith(`${name}/`))

  beforeAll(async () => {
    const servers = await serveFakeServers()
    try {
      console.error('Running the storage suite with Go (compiled once, which takes some minutes on a slow machine) …')
      tests = await runGoTests(join(import.meta.dirname, 'storage'), { env: { SERVERS_URL: servers.url } })
    } finally {
      await servers.close()
    }
  }, 900_000)

  test.each(expected)('passes %s', (name) => {
    expect(tests.get(name)?.outcome, tests.get(name)?.output).toBe('pass')
    for (const [subtest, { outcome, output }] of family(name))
      expect(outcome, `${subtest}:\n${output}`).toBe(leftOut.includes(subtest) ? 'skip' : 'pass')
  })

  test('runs exactly the tests that are listed, and skips exactly those without a REST form, each with its reason', () => {
    const named = (wanted: GoTest['outcome']) =>
      [...tests].filter(([name, { outcome }]) => name.split('/').length === 2 && outcome === wanted).map(([name]) => name)
    expect(named('pass').sort()).toEqual([...expected].sort())
    expect(named('skip').sort()).toEqual([...notApplicable].sort())
    expect(named('fail')).toEqual([])
    for (const name of notApplicable) {
      const why = /_test\.go:\d+: (.+)/.exec(tests.get(name)?.output ?? '')?.[1] ?? ''
      expect(why, name).not.toBe('')
      console.error(`not applicable: ${name.split('/')[1]} (${why})`)
    }
    console.error(`${named('pass').length} tests of the storage suite passed, ${named('skip').length} have no REST form`)
  })
})
