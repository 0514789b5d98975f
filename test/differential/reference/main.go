// Command reference is client-go's shared informer, watching the config maps of one namespace, for tests that compare another informer with it.
//
// Each call of its event handler is written to standard output as one line of JSON. For each line read from standard input, what is in its
// store is written. It ends when its standard input does. The feature gates are set as in every client: KUBE_FEATURE_WatchListClient=false.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

// object is what names one version of an object.
type object struct {
	Key             string `json:"key"`
	UID             string `json:"uid"`
	ResourceVersion string `json:"resourceVersion"`
}

// call is one call of the event handler.
type call struct {
	Call     string  `json:"call"`
	Object   object  `json:"object"`
	Previous *object `json:"previous,omitempty"`
	// IsInInitialList is that of an add.
	IsInInitialList bool `json:"isInInitialList,omitempty"`
	// FinalStateUnknown says that a delete was told by a cache.DeletedFinalStateUnknown.
	FinalStateUnknown bool `json:"finalStateUnknown,omitempty"`
}

// lines writes values to standard output, one at a time.
type lines struct {
	mutex   sync.Mutex
	encoder *json.Encoder
}

func (l *lines) write(value any) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	check(l.encoder.Encode(value))
}

func main() {
	server := flag.String("server", "", "the API server's URL")
	namespace := flag.String("namespace", "default", "the namespace to watch")
	selector := flag.String("selector", "", "a label selector")
	agent := flag.String("agent", "reference", "the user agent to be known by")
	flag.Parse()
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)

	// No limit of its own: what waits is the reflector, as it would with a server that is far away.
	client, err := dynamic.NewForConfig(&rest.Config{Host: *server, UserAgent: *agent, QPS: -1})
	check(err)
	out := &lines{encoder: json.NewEncoder(os.Stdout)}
	informer := cache.NewSharedIndexInformer(listWatch(client, *namespace, *selector), &unstructured.Unstructured{}, 0, cache.Indexers{})
	_, err = informer.AddEventHandler(handler(out))
	check(err)
	go informer.RunWithContext(context.Background())

	for requests := bufio.NewScanner(os.Stdin); requests.Scan(); {
		store := []object{}
		for _, item := range informer.GetStore().List() {
			store = append(store, identify(item))
		}
		out.write(map[string]any{"store": store})
	}
}

func listWatch(client dynamic.Interface, namespace, selector string) cache.ListerWatcher {
	resource := client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}).Namespace(namespace)
	return cache.ToListWatcherWithWatchListSemantics(&cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			options.LabelSelector = selector
			return resource.List(ctx, options)
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			options.LabelSelector = selector
			return resource.Watch(ctx, options)
		},
	}, client)
}

func handler(out *lines) cache.ResourceEventHandler {
	return cache.ResourceEventHandlerDetailedFuncs{
		AddFunc: func(added any, isInInitialList bool) {
			out.write(call{Call: "add", Object: identify(added), IsInInitialList: isInInitialList})
		},
		UpdateFunc: func(old, updated any) {
			previous := identify(old)
			out.write(call{Call: "update", Object: identify(updated), Previous: &previous})
		},
		DeleteFunc: func(deleted any) {
			unknown, finalStateUnknown := deleted.(cache.DeletedFinalStateUnknown)
			if finalStateUnknown {
				deleted = unknown.Obj
			}
			out.write(call{Call: "delete", Object: identify(deleted), FinalStateUnknown: finalStateUnknown})
		},
	}
}

func identify(item any) object {
	metadata, ok := item.(metav1.Object)
	if !ok {
		check(fmt.Errorf("no object of the API: %T", item))
	}
	key := cache.MetaObjectToName(metadata).String()
	return object{Key: key, UID: string(metadata.GetUID()), ResourceVersion: metadata.GetResourceVersion()}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
