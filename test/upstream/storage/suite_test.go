// Package suite runs k8s.io/apiserver's storage suite against a server that speaks the Kubernetes list/watch protocol.
// Tests have the names that they have for kube-apiserver's watch cache (pkg/storage/cacher/cacher_test.go).
package suite

import (
	"context"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/storage"
	storagetesting "k8s.io/apiserver/pkg/storage/testing"

	"kubeflect.test/upstream/storage/reststorage"
)

func noValidation(context.Context, *testing.T, string) {}

// TestStorage needs nothing but an empty store.
func TestStorage(t *testing.T) {
	for _, test := range []struct {
		name string
		run  func(context.Context, *testing.T, storage.Interface)
	}{
		{"Create", func(ctx context.Context, t *testing.T, s storage.Interface) {
			storagetesting.RunTestCreate(ctx, t, s, noValidation)
		}},
		{"CreateWithKeyExist", storagetesting.RunTestCreateWithKeyExist},
		{"Get", storagetesting.RunTestGet},
		{"UnconditionalDelete", storagetesting.RunTestUnconditionalDelete},
		{"ConditionalDelete", storagetesting.RunTestConditionalDelete},
		{"DeleteWithSuggestion", storagetesting.RunTestDeleteWithSuggestion},
		{"DeleteWithSuggestionAndConflict", storagetesting.RunTestDeleteWithSuggestionAndConflict},
		{"DeleteWithConflict", storagetesting.RunTestDeleteWithConflict},
		{"DeleteWithSuggestionOfDeletedObject", storagetesting.RunTestDeleteWithSuggestionOfDeletedObject},
		{"ValidateDeletionWithSuggestion", storagetesting.RunTestValidateDeletionWithSuggestion},
		{"ValidateDeletionWithOnlySuggestionValid", storagetesting.RunTestValidateDeletionWithOnlySuggestionValid},
		{"PreconditionalDeleteWithSuggestion", storagetesting.RunTestPreconditionalDeleteWithSuggestion},
		{"PreconditionalDeleteWithOnlySuggestionPass", storagetesting.RunTestPreconditionalDeleteWithOnlySuggestionPass},
		{"GuaranteedUpdate", func(ctx context.Context, t *testing.T, s storage.Interface) {
			storagetesting.RunTestGuaranteedUpdate(ctx, t, s.(*reststorage.Store), noValidation)
		}},
		{"GuaranteedUpdateWithConflict", storagetesting.RunTestGuaranteedUpdateWithConflict},
		{"GuaranteedUpdateWithSuggestionAndConflict", storagetesting.RunTestGuaranteedUpdateWithSuggestionAndConflict},

		{"ListPaging", storagetesting.RunTestListPaging},
		{"GetListRecursivePrefix", storagetesting.RunTestGetListRecursivePrefix},
		{"ListContinuation", func(ctx context.Context, t *testing.T, s storage.Interface) {
			storagetesting.RunTestListContinuation(ctx, t, s, nil)
		}},
		{"ListPaginationRareObject", func(ctx context.Context, t *testing.T, s storage.Interface) {
			storagetesting.RunTestListPaginationRareObject(ctx, t, s, nil)
		}},
		{"ListContinuationWithFilter", func(ctx context.Context, t *testing.T, s storage.Interface) {
			storagetesting.RunTestListContinuationWithFilter(ctx, t, s, nil)
		}},
		{"ListResourceVersionMatch", func(ctx context.Context, t *testing.T, s storage.Interface) {
			storagetesting.RunTestListResourceVersionMatch(ctx, t, s.(*reststorage.Store))
		}},
		{"NamespaceScopedList", storagetesting.RunTestNamespaceScopedList},

		{"Watch", storagetesting.RunTestWatch},
		{"DeleteTriggerWatch", storagetesting.RunTestDeleteTriggerWatch},
		{"WatchFromNonZero", storagetesting.RunTestWatchFromNonZero},
		{"DelayedWatchDelivery", storagetesting.RunTestDelayedWatchDelivery},
		{"WatchContextCancel", storagetesting.RunTestWatchContextCancel},
		{"WatcherTimeout", storagetesting.RunTestWatcherTimeout},
		{"WatchDeleteEventObjectHaveLatestRV", storagetesting.RunTestWatchDeleteEventObjectHaveLatestRV},
		{"WatchInitializationSignal", storagetesting.RunTestWatchInitializationSignal},
		{"NamespaceScopedWatch", storagetesting.RunTestNamespaceScopedWatch},
		{"WatchDispatchBookmarkEvents", func(ctx context.Context, t *testing.T, s storage.Interface) {
			storagetesting.RunTestWatchDispatchBookmarkEvents(ctx, t, s, true)
		}},
		{"WatchBookmarksWithCorrectResourceVersion", storagetesting.RunTestOptionalWatchBookmarksWithCorrectResourceVersion},
		{"SendInitialEventsBackwardCompatibility", storagetesting.RunSendInitialEventsBackwardCompatibility},
		{"WatchSemantics", storagetesting.RunWatchSemantics},
		{"WatchSemanticInitialEventsExtended", storagetesting.RunWatchSemanticInitialEventsExtended},
		{"WatchListMatchSingle", storagetesting.RunWatchListMatchSingle},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.run(t.Context(), t, open(t, reststorage.Namespaced).store)
		})
	}
}

func TestClusterScoped(t *testing.T) {
	t.Run("ClusterScopedWatch", func(t *testing.T) {
		storagetesting.RunTestClusterScopedWatch(t.Context(), t, open(t, reststorage.Cluster).store)
	})
}

// newest asks for the newest state where the suite accepts any: a watch cache, kube-apiserver's too, does not page a list at "0".
type newest struct{ *reststorage.Store }

func (n newest) GetList(ctx context.Context, key string, opts storage.ListOptions, list runtime.Object) error {
	if opts.ResourceVersion == "0" {
		opts.ResourceVersion = ""
	}
	return n.Store.GetList(ctx, key, opts, list)
}

// TestControlled needs more of a server than its API: a change elsewhere, or a compaction.
func TestControlled(t *testing.T) {
	for _, test := range []struct {
		name string
		run  func(context.Context, *testing.T, target)
	}{
		{"List", func(ctx context.Context, t *testing.T, to target) {
			// etcd's compaction is a write of its own.
			compactAndIncrease := func(ctx context.Context, t *testing.T, resourceVersion string) {
				to.increaseRV(ctx, t)
				to.compact(ctx, t, resourceVersion)
			}
			storagetesting.RunTestList(ctx, t, to.store, compactAndIncrease, true, storagetesting.NewKubernetesRecorder(nil))
		}},
		{"ConsistentList", func(ctx context.Context, t *testing.T, to target) {
			storagetesting.RunTestConsistentList(ctx, t, to.store, to.increaseRV, isRelay(), true, true)
		}},
		{"GetListNonRecursive", func(ctx context.Context, t *testing.T, to target) {
			storagetesting.RunTestGetListNonRecursive(ctx, t, to.increaseRV, to.store)
		}},
		{"CompactRevision", func(ctx context.Context, t *testing.T, to target) {
			storagetesting.RunTestCompactRevision(ctx, t, to.store, to.increaseRV, to.compact)
		}},
		{"ListInconsistentContinuation", func(ctx context.Context, t *testing.T, to target) {
			storagetesting.RunTestListInconsistentContinuation(ctx, t, newest{to.store}, to.compact)
		}},
		{"WatchFromZero", func(ctx context.Context, t *testing.T, to target) {
			storagetesting.RunTestWatchFromZero(ctx, t, to.store, to.compact)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.run(t.Context(), t, open(t, reststorage.Namespaced))
		})
	}
}

// TestNotApplicable names the suite's tests that have no meaning over REST, and why.
func TestNotApplicable(t *testing.T) {
	for _, test := range []struct{ name, reason string }{
		{"CreateWithTTL", "a TTL is etcd's lease, which no request can ask for"},
		{"GuaranteedUpdateWithTTL", "a TTL is etcd's lease, which no request can ask for"},
		{"GuaranteedUpdateChecksStoredData", "it rewrites stored bytes behind the transformer, which REST has not"},
		{"TransformationFailure", "it breaks the transformer of stored bytes, which REST has not"},
		{"WatchError", "it breaks the transformer of stored bytes, which REST has not"},
		{"WatchErrorIsBlockingFurtherEvents", "it breaks the transformer of stored bytes, which REST has not"},
		{"WatchWithUnsafeDelete", "it breaks the transformer of stored bytes, which REST has not"},
		{"Stats", "no request asks for the size of stored bytes"},
		{"KeySchema", "it lists by parts of etcd's keys that no URL can name"},
		{"OptionalTestProgressNotify", "it asks the storage below the watch cache for its progress"},
	} {
		t.Run(test.name, func(t *testing.T) { t.Skip(test.reason) })
	}
}
