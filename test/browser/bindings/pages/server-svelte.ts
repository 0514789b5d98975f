// Renders the list of Svelte on a server.
import { KubeClient } from 'kubeflect'
import { createLive } from 'kubeflect/live'
import { render } from 'svelte/server'
import Names from './Names.svelte'

export function html(fetch: (request: Request) => Promise<Response>): { readonly head: string; readonly body: string } {
  const live = createLive(new KubeClient({ baseUrl: 'http://kubernetes.test', fetch }))
  return render(Names, { props: { live } })
}
