// Replaces `kubeflect/kubeconfig` in browsers and Workers (the conditions in package.json's `exports`). No bundler can resolve this import,
// and every bundler quotes it in its error.
import 'kubeflect/kubeconfig works in Node, Deno and Bun only: there are no files or plugins here. Pass baseUrl, token and fetch to KubeClient'
