// What the tabs of this browser share: one list and one watch of each collection, and the place in the page that shows it.
import type { KubeObject, SharedInformer } from 'kubeflect'
import { isClearedError, type SharedByTabsOptions, sharedByTabs } from 'kubeflect/tabs'
import { servedCluster } from './connection.ts'
import { formatCount } from './format.ts'
import { byId, write } from './page.ts'

/** The feed that the informers of the page share with other tabs. */
export type TabsFeed = ReturnType<typeof sharedByTabs>

/** The Workers that read for all tabs. */
type Readers = Pick<SharedByTabsOptions, 'worker' | 'leaderWorker'>

/** The key in the browser's storage under which a user has asked that each tab reads for itself. */
export const ALONE_KEY = 'kubeflect-playground-alone'

/** Returns the feed to share; undefined when the user wants each tab to read for itself, or when the cluster runs in the page. */
export function chooseFeed({ cluster }: { cluster: string }): TabsFeed | undefined {
  const isServed = servedCluster() !== undefined
  if (localStorage.getItem(ALONE_KEY) !== null || !(isServed || 'SharedWorker' in globalThis)) return undefined
  return sharedByTabs({ user: '', cluster, ...(isServed ? readServer : readWorker) })
}

// Bundlers search for these expressions.
const readServer: Readers = {
  worker: (name) =>
    new SharedWorker(new URL('./tabs-worker.ts', import.meta.url), { type: 'module', name, extendedLifetime: true } as object),
  leaderWorker: (name) => new Worker(new URL('./tabs-worker.ts', import.meta.url), { type: 'module', name }),
}
const readWorker: Readers = {
  worker: (name) =>
    new SharedWorker(new URL('./static/tabs-worker.ts', import.meta.url), { type: 'module', name, extendedLifetime: true } as object),
  leaderWorker: (name) => new Worker(new URL('./static/tabs-worker.ts', import.meta.url), { type: 'module', name }),
}

/** Opens this page in a second tab, which shares the feed. Call it from a click: a browser blocks other windows. */
export function openSecondTab(): void {
  window.open(location.href, '_blank')
}

/** The role of this tab, as text for users and as attributes of `main` for tests. */
export class TabsStatus {
  readonly #main: HTMLElement
  readonly #status = byId('tabs', HTMLElement)

  constructor(main: HTMLElement) {
    this.#main = main
    const share = byId('share', HTMLButtonElement)
    share.ariaPressed = String(localStorage.getItem(ALONE_KEY) === null)
    share.addEventListener('click', () => {
      if (share.ariaPressed === 'true') localStorage.setItem(ALONE_KEY, '')
      else localStorage.removeItem(ALONE_KEY)
      location.reload()
    })
    byId('second-tab', HTMLButtonElement).addEventListener('click', openSecondTab)
  }

  /** Draws the current state. */
  update({ status: { tabs, error } }: Pick<SharedInformer<KubeObject>, 'status'>): void {
    // Another tab has forgotten what was stored, and ended the feed.
    if (isClearedError(error)) location.reload()
    const role = tabs?.role ?? 'alone'
    const count = tabs?.tabs ?? 1
    const upstream = tabs?.upstream
    Object.assign(this.#main.dataset, {
      tabsRole: role,
      tabsOwner: tabs?.owner ?? '',
      tabs: String(count),
      upstreamWatches: upstream === undefined ? '' : String(upstream),
    })
    const watches = upstream === undefined ? [] : [plural(upstream, 'watch', 'es')]
    write(this.#status, [...(role === 'shared' ? [] : [role]), plural(count, 'tab'), ...watches].join(' · '))
    this.#status.title = tabs?.why ?? (tabs?.owner ? `${tabs.owner} reads for the tabs` : 'This tab reads for itself')
  }
}

const plural = (count: number, word: string, ending = 's'): string => `${formatCount(count)} ${word}${count === 1 ? '' : ending}`
