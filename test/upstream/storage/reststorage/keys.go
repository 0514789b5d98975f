package reststorage

import (
	"fmt"
	"net/url"
	"strings"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apiserver/pkg/storage"
)

const prefix = "/pods/"

// noNamespace replaces the empty namespace of a few of the suite's namespaced objects, which no URL can name.
const noNamespace = "no-namespace"

// location names an object.
type location struct{ namespace, name string }

// locate parses the key of one object.
func (s *Store) locate(key string) (location, error) {
	rest, ok := strings.CutPrefix(key, prefix)
	if !ok {
		return location{}, fmt.Errorf("invalid key: %q lacks resource prefix: %q", key, prefix)
	}
	if s.scope == Cluster {
		return location{name: rest}, nil
	}
	namespace, name, found := strings.Cut(rest, "/")
	if !found {
		// Keys of one part name objects that do not exist.
		return location{namespace: noNamespace, name: namespace}, nil
	}
	if namespace == "" {
		namespace = noNamespace
	}
	return location{namespace: namespace, name: name}, nil
}

// scopeOf parses the key of a list or a watch: the path of a collection, and a selector for what the path cannot say.
func (s *Store) scopeOf(key string, recursive bool) (string, fields.Selector, error) {
	rest, ok := strings.CutPrefix(key+"/", prefix)
	if !ok {
		return "", nil, fmt.Errorf("invalid key: %q lacks resource prefix: %q", key, prefix)
	}
	rest = strings.TrimRight(rest, "/")
	parts := strings.Split(rest, "/")
	if rest == "" {
		parts = nil
	}
	var namespace string
	if s.scope == Namespaced && len(parts) > 0 {
		namespace, parts = parts[0], parts[1:]
	}
	path := s.collectionPath(location{namespace: namespace})
	switch {
	case recursive && len(parts) == 0:
		return path, fields.Everything(), nil
	case !recursive && len(parts) == 1:
		return path, fields.OneTermEqualSelector("metadata.name", parts[0]), nil
	default:
		// A prefix below a collection has no objects. A URL cannot name it, so select nothing.
		return path, fields.AndSelectors(
			fields.OneTermEqualSelector("metadata.name", "nothing"), fields.OneTermNotEqualSelector("metadata.name", "nothing"),
		), nil
	}
}

func (s *Store) collectionPath(at location) string {
	namespace := ""
	if at.namespace != "" {
		namespace = "/namespaces/" + url.PathEscape(at.namespace)
	}
	return fmt.Sprintf("/apis/%s/v1%s/%s", s.group, namespace, s.plural)
}

func (s *Store) objectPath(at location) string {
	return s.collectionPath(at) + "/" + url.PathEscape(at.name)
}

// selection is the query of the predicate that lists and watches share.
func selection(opts storage.ListOptions, of fields.Selector) url.Values {
	query := url.Values{}
	predicate := opts.Predicate
	if predicate.Label != nil && !predicate.Label.Empty() {
		query.Set("labelSelector", predicate.Label.String())
	}
	if predicate.Field != nil && !predicate.Field.Empty() {
		of = fields.AndSelectors(of, predicate.Field)
	}
	if !of.Empty() {
		query.Set("fieldSelector", of.String())
	}
	return query
}
