// Package reststorage implements k8s.io/apiserver's storage.Interface on the Kubernetes REST protocol, so that the suite for
// kube-apiserver's own storage layers (k8s.io/apiserver/pkg/storage/testing) runs against any server that speaks the protocol.
//
// The adapter does on the client's side what a storage layer does and a REST server does not: it keeps what the suite writes
// into fields that a server owns (see wire.go), it opens a watch to learn the version of a deletion, and it reads, changes and
// writes back for GuaranteedUpdate. Everything that the suite checks of lists and watches comes from the server.
package reststorage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/apis/example"
	"k8s.io/apiserver/pkg/storage"
	storagetesting "k8s.io/apiserver/pkg/storage/testing"
	"k8s.io/apiserver/pkg/storage/value"
)

// Scope is Namespaced or Cluster, as in an API resource.
type Scope string

const (
	Namespaced Scope = "Namespaced"
	Cluster    Scope = "Cluster"
)

// Store is a storage.Interface whose prefix is "/pods/".
type Store struct {
	// baseURL has no slash at the end.
	baseURL, group, plural string
	scope                  Scope
	compacted              atomic.Int64
}

var (
	_ storage.Interface                             = (*Store)(nil)
	_ storagetesting.InterfaceWithPrefixTransformer = (*Store)(nil)
)

// New makes a Store of a resource whose version is v1 and whose kind is Pod. It sends nothing yet.
func New(baseURL, group, plural string, scope Scope) *Store {
	return &Store{baseURL: baseURL, group: group, plural: plural, scope: scope}
}

// NoteCompaction sets the result of CompactRevision, which a REST client cannot ask for.
func (s *Store) NoteCompaction(revision int64) { s.compacted.Store(revision) }

func (s *Store) Versioner() storage.Versioner { return storage.APIObjectVersioner{} }

func (s *Store) Create(ctx context.Context, key string, obj, out runtime.Object, _ uint64) error {
	at, err := s.locate(key)
	if err != nil {
		return err
	}
	body, err := s.encode(obj.(*example.Pod), at, "", "")
	if err != nil {
		return err
	}
	var created json.RawMessage
	if err := s.send(ctx, http.MethodPost, s.collectionPath(at), nil, body, &created); err != nil {
		return storageError(key, err)
	}
	return s.decodeInto(created, out)
}

func (s *Store) Delete(
	ctx context.Context, key string, out runtime.Object, preconditions *storage.Preconditions,
	validate storage.ValidateObjectFunc, _ runtime.Object, _ storage.DeleteOptions,
) error {
	at, err := s.locate(key)
	if err != nil {
		return err
	}
	for {
		found, err := s.read(ctx, at, nil)
		if err != nil {
			return storageError(key, err)
		}
		if err := validate(ctx, found.pod); err != nil {
			return err
		}
		// A server knows its own uids only: send the server's uid in place of the one that the suite gave the object.
		uid := found.uid
		mismatch := preconditions != nil && preconditions.UID != nil && *preconditions.UID != found.pod.UID
		if mismatch {
			uid = string(*preconditions.UID)
		}
		deleted, err := s.deleteAndWatch(ctx, at, uid, found.resourceVersion)
		switch {
		case err == nil:
			return s.decodeInto(deleted, out)
		case mismatch && apierrors.IsConflict(err):
			return storage.NewInvalidObjError(key, err.Error())
		case !apierrors.IsConflict(err):
			return storageError(key, err)
		}
	}
}

// deleteAndWatch deletes an object and returns the state in its DELETED event, which a server's answer to a DELETE may lack.
func (s *Store) deleteAndWatch(ctx context.Context, at location, uid, resourceVersion string) (json.RawMessage, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	query := url.Values{"watch": {"true"}, "resourceVersion": {resourceVersion}, "fieldSelector": {"metadata.name=" + at.name}}
	events, err := s.openWatch(ctx, s.collectionPath(at), query)
	if err != nil {
		return nil, err
	}
	defer events.Close()
	options := map[string]any{
		"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0,
		"preconditions": map[string]string{"uid": uid, "resourceVersion": resourceVersion},
	}
	body, err := json.Marshal(options)
	if err != nil {
		return nil, err
	}
	if err := s.send(ctx, http.MethodDelete, s.objectPath(at), nil, body, nil); err != nil {
		return nil, err
	}
	for {
		event, err := events.Next()
		if err != nil {
			return nil, fmt.Errorf("the watch ended before the DELETED event: %w", err)
		}
		if watch.EventType(event.Type) == watch.Deleted {
			return event.Object, nil
		}
	}
}

func (s *Store) Watch(ctx context.Context, key string, opts storage.ListOptions) (watch.Interface, error) {
	return s.watch(ctx, key, opts)
}

func (s *Store) Get(ctx context.Context, key string, opts storage.GetOptions, out runtime.Object) error {
	at, err := s.locate(key)
	if err != nil {
		return err
	}
	query := url.Values{}
	if opts.ResourceVersion != "" {
		query.Set("resourceVersion", opts.ResourceVersion)
	}
	found, err := s.read(ctx, at, query)
	if apierrors.IsNotFound(err) && opts.IgnoreNotFound {
		*out.(*example.Pod) = example.Pod{}
		return nil
	}
	if err != nil {
		return storageError(key, err)
	}
	*out.(*example.Pod) = *found.pod
	return nil
}

func (s *Store) GetList(ctx context.Context, key string, opts storage.ListOptions, listObj runtime.Object) error {
	path, selector, err := s.scopeOf(key, opts.Recursive)
	if err != nil {
		return err
	}
	query := selection(opts, selector)
	if opts.ResourceVersion != "" {
		query.Set("resourceVersion", opts.ResourceVersion)
	}
	if opts.ResourceVersionMatch != "" {
		query.Set("resourceVersionMatch", string(opts.ResourceVersionMatch))
	}
	if opts.Predicate.Limit > 0 {
		query.Set("limit", strconv.FormatInt(opts.Predicate.Limit, 10))
	}
	if opts.Predicate.Continue != "" {
		query.Set("continue", opts.Predicate.Continue)
	}
	var answer struct {
		Metadata metav1.ListMeta   `json:"metadata"`
		Items    []json.RawMessage `json:"items"`
	}
	if err := s.send(ctx, http.MethodGet, path, query, nil, &answer); err != nil {
		return withTokenOfSuite(storageError(key, err))
	}
	list := listObj.(*example.PodList)
	*list = example.PodList{ListMeta: answer.Metadata, Items: make([]example.Pod, len(answer.Items))}
	if list.Continue != "" {
		if list.Continue, err = withoutSlash(list.Continue); err != nil {
			return err
		}
	}
	for i, item := range answer.Items {
		if err := s.decodeInto(item, &list.Items[i]); err != nil {
			return err
		}
	}
	return nil
}

// withTokenOfSuite puts the token of an expired list into the suite's terms.
func withTokenOfSuite(err error) error {
	var status *apierrors.StatusError
	if errors.As(err, &status) && status.ErrStatus.Continue != "" {
		if token, e := withoutSlash(status.ErrStatus.Continue); e == nil {
			status.ErrStatus.Continue = token
		}
	}
	return err
}

func (s *Store) GuaranteedUpdate(
	ctx context.Context, key string, destination runtime.Object, ignoreNotFound bool,
	preconditions *storage.Preconditions, tryUpdate storage.UpdateFunc, _ runtime.Object,
) error {
	at, err := s.locate(key)
	if err != nil {
		return err
	}
	for {
		found, err := s.read(ctx, at, nil)
		exists := err == nil
		switch {
		case apierrors.IsNotFound(err) && ignoreNotFound:
			found = object{pod: &example.Pod{}}
		case err != nil:
			return storageError(key, err)
		}
		if err := preconditions.Check(key, found.pod); err != nil {
			return err
		}
		revision, _ := strconv.ParseUint(found.resourceVersion, 10, 64)
		updated, _, err := tryUpdate(found.pod.DeepCopy(), storage.ResponseMeta{ResourceVersion: revision})
		if err != nil {
			return err
		}
		pod := updated.(*example.Pod)
		if exists && s.same(pod, found.pod, at) {
			*destination.(*example.Pod) = *found.pod
			return nil
		}
		var written json.RawMessage
		if exists {
			body, err := s.encode(pod, at, found.resourceVersion, found.uid)
			if err != nil {
				return err
			}
			err = s.send(ctx, http.MethodPut, s.objectPath(at), nil, body, &written)
			if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
				continue
			}
			if err != nil {
				return storageError(key, err)
			}
		} else {
			body, err := s.encode(withoutVersion(pod), at, "", "")
			if err != nil {
				return err
			}
			err = s.send(ctx, http.MethodPost, s.collectionPath(at), nil, body, &written)
			if apierrors.IsAlreadyExists(err) {
				continue
			}
			if err != nil {
				return storageError(key, err)
			}
		}
		return s.decodeInto(written, destination)
	}
}

func withoutVersion(pod *example.Pod) *example.Pod {
	copied := pod.DeepCopy()
	copied.ResourceVersion = ""
	return copied
}

func (s *Store) GetCurrentResourceVersion(ctx context.Context) (uint64, error) {
	list := &example.PodList{}
	predicate := storage.Everything
	predicate.Limit = 1
	if err := s.GetList(ctx, "/pods/", storage.ListOptions{Predicate: predicate, Recursive: true}, list); err != nil {
		return 0, err
	}
	return strconv.ParseUint(list.ResourceVersion, 10, 64)
}

// UpdatePrefixTransformer exists for the suite's signatures. Between a client and a server there is no transformer, so the
// suite's is never called.
func (s *Store) UpdatePrefixTransformer(modify storagetesting.PrefixTransformerModifier) func() {
	var _ value.Transformer = modify(storagetesting.NewPrefixTransformer(nil, false))
	return func() {}
}

func (s *Store) CompactRevision() int64                              { return s.compacted.Load() }
func (s *Store) ReadinessCheck() error                               { return nil }
func (s *Store) RequestWatchProgress(context.Context) error          { return nil }
func (s *Store) EnableResourceSizeEstimation(storage.KeysFunc) error { return nil }
func (s *Store) Stats(context.Context) (storage.Stats, error) {
	return storage.Stats{}, errors.New("REST has no statistics of stored bytes")
}

// storageError translates an API error into an error of the storage package.
func storageError(key string, err error) error {
	switch {
	case apierrors.IsNotFound(err):
		return storage.NewKeyNotFoundError(key, 0)
	case apierrors.IsAlreadyExists(err):
		return storage.NewKeyExistsError(key, 0)
	case apierrors.IsInternalError(err) && strings.Contains(err.Error(), storage.ErrResourceVersionSetOnCreate.Error()):
		return storage.ErrResourceVersionSetOnCreate
	}
	return err
}
