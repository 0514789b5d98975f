/** @jsxImportSource solid-js */
// A page that Solid has rendered on a server, and hydrates when its list is already there.
import { KubeClient } from 'kubeflect'
import { createLive } from 'kubeflect/live'
import { Pod } from 'kubeflect/resources/core/v1'
import { hydrate } from 'solid-js/web'
import { App } from './Names.tsx'

const live = createLive(new KubeClient({ baseUrl: '/k8s' }))
const list = live.list(Pod)
list.subscribe(() => {})
void list.whenReady().then(() => hydrate(() => <App live={live} />, document.querySelector('#app') as Element))
