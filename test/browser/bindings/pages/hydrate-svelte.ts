// A page that Svelte has rendered on a server, and hydrates when its list is already there.
import { KubeClient } from 'kubeflect'
import { createLive } from 'kubeflect/live'
import { Pod } from 'kubeflect/resources/core/v1'
import { hydrate } from 'svelte'
import Names from './Names.svelte'

const live = createLive(new KubeClient({ baseUrl: '/k8s' }))
const list = live.list(Pod)
list.subscribe(() => {})
void list.whenReady().then(() => hydrate(Names, { target: document.querySelector('#app') as Element, props: { live } }))
