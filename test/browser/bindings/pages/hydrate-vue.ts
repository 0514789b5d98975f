// A page that Vue has rendered on a server, and hydrates when its list is already there.
import { KubeClient } from 'kubeflect'
import { createLive, type Live } from 'kubeflect/live'
import { Pod } from 'kubeflect/resources/core/v1'
import { provideKube, useList } from 'kubeflect/vue'
import { createSSRApp, defineComponent, h } from 'vue'

export const appOf = (live: Live) =>
  createSSRApp(
    defineComponent(() => {
      provideKube(live)
      const pods = useList(Pod)
      return () =>
        h(
          'ul',
          { 'aria-label': `${pods.value.total} pods` },
          pods.value.rows.map(({ key, name }) => h('li', { key }, name)),
        )
    }),
  )

if (typeof document !== 'undefined') {
  const live = createLive(new KubeClient({ baseUrl: '/k8s' }))
  const list = live.list(Pod)
  list.subscribe(() => {})
  void list.whenReady().then(() => appOf(live).mount('#app'))
}
