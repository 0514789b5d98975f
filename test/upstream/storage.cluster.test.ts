import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { type GoTest, runGoTests, whyNoGo } from './go-test.ts'
import { type Answering, serveFakeServers } from './servers.ts'

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

/** Cases of `TestStorage/WatchSemantics` that watch from version 1, which is older than a relay's first list. Its history begins there. */
const beforeFirstList = ['true', 'false'].map(
  (bookmarks) => `TestStorage/WatchSemantics/allowWatchBookmarks=${bookmarks},_sendInitialEvents=false,_RV=1`,
)

const targets: readonly { answering: Answering; title: string; failing: readonly string[] }[] = [
  { answering: 'fake', title: 'the fake API server', failing: [] },
  { answering: 'relay', title: 'a relay in front of the fake API server', failing: beforeFirstList },
]

describe.skipIf(reason).for(targets)(
  `kube-apiserver's storage suite against $title${reason ? ` (skipped: ${reason})` : ''}`,
  ({ answering, failing }) => {
    const passing = expected.filter((name) => !failing.some((subtest) => subtest.startsWith(`${name}/`)))
    let tests: ReadonlyMap<string, GoTest> = new Map()
    /** The test and its own subtests. */
    const family = (name: string) => [...tests].filter(([other]) => other === name || other.startsWith(`${name}/`))

    beforeAll(async () => {
      const servers = await serveFakeServers(answering)
      try {
        console.error('Running the storage suite with Go (compiled once, which takes some minutes on a slow machine) …')
        tests = await runGoTests(join(import.meta.dirname, 'storage'), { env: { SERVERS_URL: servers.url, SERVERS_ANSWERING: answering } })
      } finally {
        await servers.close()
      }
    }, 900_000)

    test.each(passing)('passes %s', (name) => {
      expect(tests.get(name)?.outcome, tests.get(name)?.output).toBe('pass')
      for (const [subtest, { outcome, output }] of family(name))
        expect(outcome, `${subtest}:\n${output}`).toBe(leftOut.includes(subtest) ? 'skip' : 'pass')
    })

    test('runs exactly the tests that are listed, and skips exactly those without a REST form, each with its reason', () => {
      const named = (wanted: GoTest['outcome']) =>
        [...tests].filter(([name, { outcome }]) => name.split('/').length === 2 && outcome === wanted).map(([name]) => name)
      expect(named('pass').sort()).toEqual([...passing].sort())
      expect(named('skip').sort()).toEqual([...notApplicable].sort())
      const failed = [...tests].filter(([name, { outcome }]) => name.split('/').length > 2 && outcome === 'fail').map(([name]) => name)
      expect(failed.sort()).toEqual([...failing].sort())
      for (const name of notApplicable) {
        const why = /_test\.go:\d+: (.+)/.exec(tests.get(name)?.output ?? '')?.[1] ?? ''
        expect(why, name).not.toBe('')
        console.error(`not applicable: ${name.split('/')[1]} (${why})`)
      }
      console.error(`${named('pass').length} tests of the storage suite passed, ${named('skip').length} have no REST form`)
    })
  },
)
