package reststorage

import (
	"context"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/storage"
	utilflowcontrol "k8s.io/apiserver/pkg/util/flowcontrol"
)

// rawEvent is one line of a watch.
type rawEvent struct {
	Type   string          `json:"type"`
	Object json.RawMessage `json:"object"`
}

// eventStream decodes the body of a watch.
type eventStream struct {
	body    io.ReadCloser
	decoder *json.Decoder
}

func (e *eventStream) Next() (rawEvent, error) {
	var event rawEvent
	err := e.decoder.Decode(&event)
	return event, err
}

func (e *eventStream) Close() { _ = e.body.Close() }

func (s *Store) openWatch(ctx context.Context, path string, query url.Values) (*eventStream, error) {
	response, err := s.request(ctx, http.MethodGet, path, query, nil)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		defer response.Body.Close()
		data, err := io.ReadAll(response.Body)
		if err != nil {
			return nil, err
		}
		return nil, failure(response, data)
	}
	return &eventStream{body: response.Body, decoder: json.NewDecoder(response.Body)}, nil
}

func (s *Store) watch(ctx context.Context, key string, opts storage.ListOptions) (watch.Interface, error) {
	path, selector, err := s.scopeOf(key, opts.Recursive)
	if err != nil {
		return nil, err
	}
	query := selection(opts, selector)
	query.Set("watch", "true")
	if opts.ResourceVersion != "" {
		query.Set("resourceVersion", opts.ResourceVersion)
	}
	if opts.SendInitialEvents != nil {
		query.Set("sendInitialEvents", strconv.FormatBool(*opts.SendInitialEvents))
		// The API requires it; a storage layer does not.
		query.Set("resourceVersionMatch", string(metav1.ResourceVersionMatchNotOlderThan))
	}
	if opts.Predicate.AllowWatchBookmarks {
		query.Set("allowWatchBookmarks", "true")
	}
	if deadline, ok := ctx.Deadline(); ok {
		query.Set("timeoutSeconds", strconv.Itoa(int(math.Ceil(time.Until(deadline).Seconds()))))
	}
	ctx, cancel := context.WithCancel(ctx)
	w := &watcher{result: make(chan watch.Event, 100), cancel: cancel, stopped: make(chan struct{})}
	if ctx.Err() != nil {
		close(w.result)
		return w, nil
	}
	events, err := s.openWatch(ctx, path, query)
	if err != nil {
		cancel()
		return nil, err
	}
	utilflowcontrol.WatchInitialized(ctx)
	go w.run(s, events)
	return w, nil
}

type watcher struct {
	result  chan watch.Event
	cancel  context.CancelFunc
	stopped chan struct{}
	once    sync.Once
}

func (w *watcher) ResultChan() <-chan watch.Event { return w.result }

func (w *watcher) Stop() {
	w.once.Do(func() {
		close(w.stopped)
		w.cancel()
	})
}

func (w *watcher) run(s *Store, events *eventStream) {
	defer close(w.result)
	defer events.Close()
	defer w.cancel()
	for {
		raw, err := events.Next()
		if err != nil {
			return
		}
		event := watch.Event{Type: watch.EventType(raw.Type)}
		if event.Type == watch.Error {
			status := &metav1.Status{}
			if json.Unmarshal(raw.Object, status) != nil {
				return
			}
			event.Object = status
		} else {
			found, err := s.decode(raw.Object)
			if err != nil {
				return
			}
			event.Object = found.pod
		}
		select {
		case <-w.stopped:
			return
		default:
		}
		select {
		case w.result <- event:
		case <-w.stopped:
			return
		}
	}
}
