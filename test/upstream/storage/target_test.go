package suite

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"testing"

	storagetesting "k8s.io/apiserver/pkg/storage/testing"

	"kubeflect.test/upstream/storage/reststorage"
)

// target is a server of its own for one test.
type target struct {
	url   string
	store *reststorage.Store
}

// open starts a server with an empty collection. It ends with the test.
//
// SERVERS_URL is where servers are started (server.ts): POST with the scope answers with a path, DELETE of the path ends the
// server, and every request below the path goes to it.
func open(t *testing.T, scope reststorage.Scope) target {
	t.Helper()
	servers := os.Getenv("SERVERS_URL")
	if servers == "" {
		t.Fatal("SERVERS_URL is not set: run npm test -- test/upstream")
	}
	var opened struct{ Path string }
	call(t, http.MethodPost, fmt.Sprintf("%s/servers?scope=%s", servers, scope), nil, &opened)
	url := servers + opened.Path
	t.Cleanup(func() { call(t, http.MethodDelete, url, nil, nil) })
	return target{url: url, store: reststorage.New(url, "example.apiserver.k8s.io", "pods", scope)}
}

// isRelay tells whether a list at "0" may be older than the last write, as it may be at kube-apiserver's watch cache.
func isRelay() bool { return os.Getenv("SERVERS_ANSWERING") == "relay" }

// increaseRV changes another resource, so that the server's version grows by one, and gives the version.
func (to target) increaseRV(_ context.Context, t *testing.T) int64 {
	t.Helper()
	var created struct {
		Metadata struct{ ResourceVersion string }
	}
	body := map[string]any{"kind": "ConfigMap", "apiVersion": "v1", "metadata": map[string]any{"generateName": "elsewhere-"}}
	call(t, http.MethodPost, to.url+"/api/v1/namespaces/default/configmaps", body, &created)
	revision, err := strconv.ParseInt(created.Metadata.ResourceVersion, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return revision
}

// compact makes the server forget the events up to a version.
func (to target) compact(_ context.Context, t *testing.T, resourceVersion string) {
	t.Helper()
	call(t, http.MethodPost, to.url+"/-/compact?resourceVersion="+resourceVersion, nil, nil)
	revision, err := strconv.ParseInt(resourceVersion, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	to.store.NoteCompaction(revision)
}

var _ storagetesting.Compaction = target{}.compact

// call sends a request, fails the test unless it succeeds, and decodes the answer.
func call(t *testing.T, method, url string, body, out any) {
	t.Helper()
	var reader io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		reader = bytes.NewReader(data)
	}
	request, err := http.NewRequest(method, url, reader)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode >= 300 {
		t.Fatalf("%s %s: %s %s", method, url, response.Status, data)
	}
	if out != nil {
		if err := json.Unmarshal(data, out); err != nil {
			t.Fatal(err)
		}
	}
}
