/** @jsxImportSource solid-js */
// Renders the list of Solid on a server.
import { KubeClient } from 'kubeflect'
import { createLive } from 'kubeflect/live'
import { generateHydrationScript, renderToString } from 'solid-js/web'
import { App } from './Names.tsx'

export function html(fetch: (request: Request) => Promise<Response>): { readonly head: string; readonly body: string } {
  const live = createLive(new KubeClient({ baseUrl: 'http://kubernetes.test', fetch }))
  return { head: generateHydrationScript(), body: renderToString(() => <App live={live} />) }
}
