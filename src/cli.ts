#!/usr/bin/env node
import { runHere } from './cli/host'
import { run } from './cli/run'
import { loadKubeconfig } from './kubeconfig/load'

await runHere(
  (host) =>
    run(host, async ({ server, kubeconfig, context }) => (server ? { baseUrl: server } : loadKubeconfig({ path: kubeconfig, context }))),
  // The same from `src` and from `dist`.
  new URL('../package.json', import.meta.url),
)
