// What browsers and workers get for `kubeflect/kubeconfig` (the conditions in package.json's `exports`): no bundler can resolve this import,
// and each one quotes it in its error.
import 'kubeflect/kubeconfig works in Node, Deno and Bun only: there are no files or plugins here. Pass baseUrl, token and fetch to KubeClient'
