// A page with two live lists in IndexedDB, and the devtools in a chunk of their own.
import { field, KubeClient } from '../../../../src'
import type { DevtoolsElement } from '../../../../src/devtools'
import { idbPersister } from '../../../../src/idb'
import { createLive } from '../../../../src/live'
import { Pod, Secret } from '../../../../src/resources/core/v1'
import { sharedByTabs } from '../../../../src/tabs'

const devtools = location.hash === '#none' ? undefined : await import('../../../../src/devtools')
const inspector = devtools?.createInspector()
// A function cannot be sent to the thread that reads for all tabs.
const feed = location.search === '?tabs' ? sharedByTabs({ user: '' }) : undefined
const client = new KubeClient({ baseUrl: '/k8s', fetch: feed ? undefined : inspector?.fetch })
const live = createLive(client, { persist: { to: idbPersister({ database: 'devtools' }), user: '' }, feed, inspector, onError: () => {} })

const list = document.createElement('p')
document.body.append(list)
live.list(Pod, { view: { sort: { by: field('metadata.name') }, window: { limit: 20 } } }).subscribe(({ rows, total, state }) => {
  list.textContent = `${state} ${total} ${rows.map(({ name, resourceVersion }) => `${name}@${resourceVersion}`).join(' ')}`
})
// Secrets are not stored.
createLive(client, { inspector, onError: () => {} })
  .list(Secret)
  .subscribe(() => {})

if (devtools && inspector) {
  devtools.defineDevtools()
  const element = document.createElement('kubeflect-devtools') as DevtoolsElement
  element.inspector = inspector
  element.setAttribute('dock', location.hash.slice(1) || 'bottom')
  document.body.append(element)
  Object.assign(globalThis, { inspector, element })
}
