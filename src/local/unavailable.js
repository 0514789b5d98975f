// Replaces `kubeflect/local` in browsers and Workers (the conditions in package.json's `exports`). No bundler can resolve this import, and
// every bundler quotes it in its error.
import 'kubeflect/local works in Node, Deno and Bun only: there are no ports or files here. Use connectPort and readFile of kubeflect/streams'
