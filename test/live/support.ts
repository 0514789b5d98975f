import { type Entry, KubeClient } from '../../src'
import { createLive, type LiveOptions } from '../../src/live'
import { Pod } from '../../src/resources/core/v1'
import { FakeApiServer, type FakeApiServerOptions, VirtualClock } from '../../src/testing'

/** A fake API server and what a page has, in virtual time. */
export function startPage({ server: serverOptions, ...options }: LiveOptions & { server?: Omit<FakeApiServerOptions, 'clock'> } = {}) {
  const clock = new VirtualClock()
  const server = new FakeApiServer({ clock, ...serverOptions })
  const client = new KubeClient({ baseUrl: 'http://kubernetes.test', fetch: server.fetch })
  const live = createLive(client, { clock, onWake: () => () => {}, onError: () => {}, random: () => 0, ...options })
  const pod = (name: string, parts: Partial<Pod> = {}): Pod => ({ metadata: { name, namespace: 'shop' }, ...parts }) as Pod
  return {
    clock,
    server,
    client,
    live,
    create: (name: string, parts?: Partial<Pod>) => server.create(Pod, pod(name, parts)),
    /** Gives a pod a phase. */
    update: (name: string, phase: string) => {
      const { metadata, ...rest } = server.get(Pod, { name, namespace: 'shop' }) as Pod
      server.update(Pod, { ...rest, metadata: { ...metadata, labels: { phase } } } as Pod)
    },
    delete: (name: string) => server.delete(Pod, { name, namespace: 'shop' }),
    /** The watches that are open, by their plurals and selectors. */
    watches: () =>
      server.openRequests.map(({ url }) => {
        const { pathname, searchParams } = new URL(url)
        return [pathname.split('/').at(-1), searchParams.get('fieldSelector'), searchParams.get('labelSelector')].filter(Boolean).join(' ')
      }),
    /** The requests that read a whole state. */
    lists: () =>
      server.requests.filter(({ url }) => !url.includes('limit=1') && (!url.includes('watch=true') || url.includes('sendInitialEvents')))
        .length,
  }
}

export const names = ({ rows }: { rows: readonly Entry<unknown>[] }): string => rows.map(({ name }) => name).join(' ')
