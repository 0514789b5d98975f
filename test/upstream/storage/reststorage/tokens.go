package reststorage

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// continueToken is the content of a continue token, as k8s.io/apiserver/pkg/storage/continue.go has it.
type continueToken struct {
	Version         string `json:"v"`
	ResourceVersion int64  `json:"rv"`
	Start           string `json:"start"`
}

// withoutSlash removes the slash before the key in a server's token. API servers write it or not, depending on the resource,
// and read both; the suite compares tokens that have none.
func withoutSlash(token string) (string, error) {
	data, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return "", err
	}
	var content continueToken
	if err := json.Unmarshal(data, &content); err != nil {
		return "", err
	}
	content.Start = strings.TrimPrefix(content.Start, "/")
	if data, err = json.Marshal(content); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(data), nil
}
