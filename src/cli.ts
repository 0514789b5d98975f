#!/usr/bin/env node
// The executable `kubeflect`.
import type { ServeFake } from './cli/fake-server'
import { runHere } from './cli/host'
import { listenHere } from './cli/listen'
import { run } from './cli/run'
import { loadKubeconfig } from './kubeconfig/load'

const serveFake: ServeFake = async (choice, port) => {
  const { createStandaloneServer } = await import('./testing/standalone')
  const { listenerOf, close } = createStandaloneServer(choice)
  try {
    const { url, closed } = await listenHere(port, listenerOf)
    return { url, closed: closed.finally(close) }
  } catch (error) {
    close()
    throw error
  }
}

await runHere(
  (host) =>
    run(
      host,
      async ({ server, kubeconfig, context }) => (server ? { baseUrl: server } : loadKubeconfig({ path: kubeconfig, context })),
      serveFake,
      async (choice) => (await import('./cli/serve-relay')).serveRelay(choice),
    ),
  // Resolves both in `src` and in `dist`.
  new URL('../package.json', import.meta.url),
)
