package reststorage

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/apiserver/pkg/apis/example"
	examplev1 "k8s.io/apiserver/pkg/apis/example/v1"
)

// ownFields is the annotation that keeps what the suite wrote into fields that a REST server owns or derives from the URL.
// A storage layer stores such fields unchanged; with the annotation the adapter does so too.
const ownFields = "storage-suite/own-fields"

type own struct {
	Name       string    `json:"name,omitempty"`
	Namespace  string    `json:"namespace,omitempty"`
	UID        types.UID `json:"uid,omitempty"`
	Generation int64     `json:"generation,omitempty"`
}

// object is a pod as the suite knows it, with the server's uid and version.
type object struct {
	pod                  *example.Pod
	uid, resourceVersion string
}

var codec = func() runtime.Codec {
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, metav1.SchemeGroupVersion)
	utilruntime.Must(example.AddToScheme(scheme))
	utilruntime.Must(examplev1.AddToScheme(scheme))
	return serializer.NewCodecFactory(scheme).LegacyCodec(examplev1.SchemeGroupVersion)
}()

// encode writes a pod for the server. resourceVersion and uid belong to the object that it replaces; both are empty for a new one.
func (s *Store) encode(pod *example.Pod, at location, resourceVersion, uid string) ([]byte, error) {
	data, err := runtime.Encode(codec, pod)
	if err != nil {
		return nil, err
	}
	var wire map[string]any
	if err := json.Unmarshal(data, &wire); err != nil {
		return nil, err
	}
	wire["apiVersion"] = s.group + "/v1"
	metadata, _ := wire["metadata"].(map[string]any)
	if metadata == nil {
		metadata = map[string]any{}
		wire["metadata"] = metadata
	}
	kept, err := json.Marshal(own{pod.Name, pod.Namespace, pod.UID, pod.Generation})
	if err != nil {
		return nil, err
	}
	annotations := map[string]string{ownFields: string(kept)}
	for key, value := range pod.Annotations {
		annotations[key] = value
	}
	metadata["annotations"] = annotations
	metadata["name"] = at.name
	for _, field := range []string{"uid", "generation", "selfLink", "creationTimestamp", "namespace"} {
		delete(metadata, field)
	}
	if at.namespace != "" {
		metadata["namespace"] = at.namespace
	}
	if resourceVersion != "" {
		metadata["resourceVersion"], metadata["uid"] = resourceVersion, uid
	}
	return json.Marshal(wire)
}

// decode reads an object of the server.
func (s *Store) decode(data []byte) (object, error) {
	var wire map[string]any
	if err := json.Unmarshal(data, &wire); err != nil {
		return object{}, err
	}
	wire["apiVersion"] = examplev1.SchemeGroupVersion.String()
	data, err := json.Marshal(wire)
	if err != nil {
		return object{}, err
	}
	pod := &example.Pod{}
	if err := runtime.DecodeInto(codec, data, pod); err != nil {
		return object{}, err
	}
	found := object{pod: pod, uid: string(pod.UID), resourceVersion: pod.ResourceVersion}
	pod.UID, pod.Generation, pod.CreationTimestamp, pod.ManagedFields = "", 0, metav1.Time{}, nil
	if text, ok := pod.Annotations[ownFields]; ok {
		var kept own
		if err := json.Unmarshal([]byte(text), &kept); err != nil {
			return object{}, err
		}
		pod.Name, pod.Namespace, pod.UID, pod.Generation = kept.Name, kept.Namespace, kept.UID, kept.Generation
		if delete(pod.Annotations, ownFields); len(pod.Annotations) == 0 {
			pod.Annotations = nil
		}
	}
	return found, nil
}

func (s *Store) decodeInto(data []byte, out runtime.Object) error {
	found, err := s.decode(data)
	if err == nil && out != nil {
		*out.(*example.Pod) = *found.pod
	}
	return err
}

// same reports whether two pods are stored as the same bytes.
func (s *Store) same(a, b *example.Pod, at location) bool {
	x, errX := s.encode(withoutVersion(a), at, "", "")
	y, errY := s.encode(withoutVersion(b), at, "", "")
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

func (s *Store) read(ctx context.Context, at location, query url.Values) (object, error) {
	var data json.RawMessage
	if err := s.send(ctx, http.MethodGet, s.objectPath(at), query, nil, &data); err != nil {
		return object{}, err
	}
	return s.decode(data)
}

// send sends a request and decodes the answer. A failure is a *apierrors.StatusError.
func (s *Store) send(ctx context.Context, method, path string, query url.Values, body []byte, out any) error {
	response, err := s.request(ctx, method, path, query, body)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		return failure(response, data)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(data, out)
}

func (s *Store) request(ctx context.Context, method, path string, query url.Values, body []byte) (*http.Response, error) {
	target := s.baseURL + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return http.DefaultClient.Do(request)
}

func failure(response *http.Response, data []byte) error {
	status := metav1.Status{}
	if err := json.Unmarshal(data, &status); err != nil || status.Kind != "Status" {
		return apierrors.NewGenericServerResponse(
			response.StatusCode, response.Request.Method, example.Resource("pods"), "", string(data), 0, true)
	}
	return &apierrors.StatusError{ErrStatus: status}
}
