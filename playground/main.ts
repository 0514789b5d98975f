// The entry of the page: connects the address, the pickers and the board.
import { KubeClient, type Resource, resourceName } from 'kubeflect'
import { type Address, readAddress, writeAddress } from './address.ts'
import { Board } from './board.ts'
import { Catalog } from './catalog.ts'
import type { Command } from './commands.ts'
import { connect } from './connection.ts'
import { Controls, RATES } from './controls.ts'
import { Details } from './details.ts'
import { Dock } from './dock.ts'
import { Faults } from './faults/faults.ts'
import { Feeds } from './feeds.ts'
import { formatCount } from './format.ts'
import { Guide } from './guide/guide.ts'
import { Namespaces } from './namespaces.ts'
import { byId, foldBy, write } from './page.ts'
import { buttons, navigation } from './page-commands.ts'
import { Palette } from './palette.ts'
import { Picker } from './picker.ts'
import { currentScheme, restoreScheme, toggleScheme } from './scheme.ts'
import { messageOf } from './strip.ts'
import { chooseFeed } from './tabs.ts'
import { TimeLine } from './time/time-line.ts'
import { TwoTabs } from './two-tabs/two-tabs.ts'
import { VIEWS, type ViewName } from './views/names.ts'
import { Views } from './views/views.ts'

const [main] = document.getElementsByTagName('main')
const [table] = document.getElementsByTagName('table')
if (!main || !table) throw new TypeError('index.html has no main, or no table')

const startedAt = performance.now()
let firstRowsMs: number | undefined
const rowsSeen = new MutationObserver(() => {
  if (main.dataset.view !== 'rows') return
  firstRowsMs = performance.now() - startedAt
  rowsSeen.disconnect()
})
rowsSeen.observe(main, { attributeFilter: ['data-view'] })

/** Whether the page is one of two tabs in frames: only its strip and its table are visible. */
const isFrame = new URLSearchParams(location.search).has('frame')
document.documentElement.toggleAttribute('data-frame', isFrame)

const { cluster, title } = connect()
const client = new KubeClient({ baseUrl: '/k8s' })
const feeds = new Feeds(client, { cluster, shared: chooseFeed({ cluster }) })
const catalog = new Catalog(client, { cluster, storage: localStorage })
const details = new Details({
  client,
  feeds,
  resources: () => catalog.resources,
  now: () => timeLine.now,
  isPast: () => timeLine.isPast,
  onClose: (key) => (address.view === 'table' ? board.focus(key) : byId('stage', HTMLElement).focus()),
})
const timeLine = new TimeLine(main, {
  onMove() {
    board.tick()
    details.refresh()
  },
})
const now = () => timeLine.now
const board = new Board(main, table, { details, now })
const views = new Views(main, feeds, {
  onPick: switchTo,
  onOpen: (subject) => details.open(subject),
  now,
})
const filter = byId('filter', HTMLInputElement)
const selector = byId('selector', HTMLButtonElement)
const picker = new Picker({ onPick: (resource) => go({ ...address, resource: resourceName(resource) }) })
const namespaces = new Namespaces(client, { onPick: (namespace) => go({ ...address, namespace }) })
const forget = async () => {
  catalog.forget()
  await feeds.forget()
}
const controls = new Controls({
  forget,
  onAct: (name) => faults.begin(name),
  onDone: (name, info) => void faults.follow(name, info),
})
const faults = new Faults({ controls, feed: () => board.feed, onFault: (label) => timeLine.mark(label) })
const settings = isFrame ? { getItem: () => null, setItem: () => undefined } : localStorage
const twoTabs = new TwoTabs()
const dock = new Dock({ storage: settings, inspect: (inspector) => feeds.inspection.start(inspector), forget })
const guide = new Guide({
  page: {
    main,
    get firstRowsMs() {
      return firstRowsMs
    },
    get rate() {
      return controls.rate
    },
    setRate: (perSecond) => controls.setRate(perSecond),
    switchTo: (view) => address.view !== view && switchTo(view),
    point: (label) => views.point(label),
  },
  storage: localStorage,
  session: sessionStorage,
})
const palette = new Palette((text) => [
  ...navigation(
    {
      resources: catalog.resources,
      namespaces: namespaces.names,
      plural: shown?.plural ?? '',
      keys: board.keys,
      onView: switchTo,
      onResource: (resource) => go({ ...address, resource, view: 'table' }),
      onNamespace: (namespace) => go({ ...address, namespace }),
      onObject: (key) => board.open(key),
    },
    text,
  ),
  ...pageCommands(),
  ...buttons(byId('controls', HTMLElement)),
])
let address = readAddress(location.search)
let shown: Resource | undefined

/** Navigates to another address. */
function go(next: Address): void {
  history.pushState(undefined, '', writeAddress(next))
  follow()
}

/** Switches to another view. The pictures are of pods; another kind beside them would need too many of the browser's connections. */
function switchTo(view: ViewName): void {
  go({ ...address, view, ...(view !== 'table' && { resource: 'pods', labelSelector: undefined }) })
}

/** Shows the selection of the page's address. */
function follow(): void {
  const before = address
  address = readAddress(location.search)
  views.show(address.view, address)
  const { resource, namespace, labelSelector } = address
  const isSame = before.resource === resource && before.namespace === namespace && before.labelSelector === labelSelector
  details.close()
  // Another view of the same objects keeps the table, and the place in it.
  if (!isSame) shown = undefined
  if (address.view === 'tabs') {
    // The two tabs have the feed; this page must not be a third one.
    shown = undefined
    board.clear()
    feeds.rest()
    twoTabs.show(address)
  } else twoTabs.hide()
  show()
  rewind()
}

/** Shows the resource of the address once it is known. */
function show(): void {
  if (shown || address.view === 'tabs') return
  const { namespace, labelSelector } = address
  let name = address.resource
  try {
    shown = catalog.find(name)
    if (shown) {
      name = resourceName(shown)
      board.show(feeds.open({ resource: shown, namespace: shown.scope === 'Cluster' ? undefined : namespace, labelSelector }))
    } else board.clear(catalog.error === undefined ? '' : `Discovery of the server's resources failed: ${messageOf(catalog.error)}.`)
  } catch (error) {
    board.clear(`${messageOf(error)}.`.replace(/\?\.$/, '?'))
  }
  picker.chosen = name
  namespaces.show(namespace, { isNamespaced: shown?.scope !== 'Cluster' })
  selector.hidden = labelSelector === undefined
  write(selector, labelSelector ?? '')
  document.title = `${name} · kubeflect playground`
}

/** Returns the commands that have no button. */
function pageCommands(): Command[] {
  const other = currentScheme() === 'dark' ? 'light' : 'dark'
  const rates = controls.rate === undefined ? [] : RATES
  return [
    { group: 'Page', title: `Use the ${other} colours`, words: 'scheme theme mode', run: () => toggleScheme(localStorage) },
    {
      group: 'Page',
      title: dock.isOpen ? 'Close the devtools' : 'Open the devtools',
      note: '~',
      words: 'toggle show hide',
      run: () => dock.toggle(),
    },
    { group: 'Page', title: `Devtools ${dock.side === 'bottom' ? 'at the side' : 'at the bottom'}`, words: 'dock', run: () => dock.turn() },
    ...(controls.rate === undefined
      ? []
      : [{ group: 'Page', title: 'Start the guided minute', words: 'guide help tour', run: () => guide.start() }]),
    ...rates.map((rate) => ({
      group: 'Changes',
      title: `${formatCount(rate)} changes/s`,
      words: `churn rate speed ${rate}`,
      run: () => void controls.setRate(rate),
    })),
  ]
}

/** Lets the time line move what the visible view reads. */
function rewind(): void {
  timeLine.show(address.view === 'table' ? board.sources : views.sources)
}

/** Aborted while the page is hidden, which needs only its own feed. */
let attention = new AbortController()
function attend(): void {
  attention.abort()
  attention = new AbortController()
  if (document.hidden) {
    feeds.drop()
    views.rest()
  } else {
    views.show(address.view, address)
    rewind()
    if (!isFrame)
      void catalog.follow({
        signal: attention.signal,
        onChange() {
          picker.resources = catalog.resources
          show()
          rewind()
        },
      })
  }
}

selector.addEventListener('click', () => go({ ...address, labelSelector: undefined }))
addEventListener('popstate', follow)
document.addEventListener('visibilitychange', attend)
document.addEventListener('keydown', (event) => {
  if (isFrame) return
  const { target, key } = event
  if (key === 'k' && (event.ctrlKey || event.metaKey)) {
    event.preventDefault()
    palette.toggle()
  }
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
  if (target instanceof HTMLInputElement || target instanceof HTMLSelectElement) return
  const view = VIEWS[Number(key) - 1]
  if (key === 'Escape' && timeLine.isPast) timeLine.goTo(undefined)
  else if (view) switchTo(view)
  else if (key === '~' || key === '`') dock.toggle()
  else if (address.view !== 'table') return
  else if (key === '/') filter.select()
  else if (key === 'k') picker.focus()
  else return
  event.preventDefault()
})

restoreScheme(localStorage)
foldBy(byId('controls-fold', HTMLButtonElement), byId('controls', HTMLElement))
foldBy(byId('feed-fold', HTMLButtonElement), byId('feed', HTMLElement))
write(byId('cluster', HTMLElement), title)
picker.resources = catalog.resources
follow()
attend()
if (!isFrame) {
  void namespaces.load()
  // A real cluster is no place for faults.
  void controls.start().then(() => controls.rate !== undefined && guide.open())
  void faults.arrive()
}
