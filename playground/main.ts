import type { Entry } from 'kubeflect'
import type { Pod } from 'kubeflect/resources/core/v1'
import { Controls } from './controls.ts'
import { createFeed } from './feed.ts'
import { byId, formatCount, write } from './page.ts'
import { RowList } from './row-list.ts'
import { Strip } from './strip.ts'
import { PodTable } from './table.ts'

const [main] = document.getElementsByTagName('main')
const [table] = document.getElementsByTagName('table')
if (!main || !table) throw new TypeError('index.html has no main, or no table')

const parameters = new URLSearchParams(location.search)
const namespace = parameters.get('namespace') || undefined
const labelSelector = parameters.get('labelSelector') || undefined
const cluster = document.querySelector<HTMLMetaElement>('meta[name=cluster]')?.content ?? ''
const feed = createFeed({ cluster, namespace, labelSelector })
const rows = new RowList()
const podTable = new PodTable(table, rows)
const strip = new Strip(main, feed)
const filter = byId('filter', HTMLInputElement)

write(
  byId('scope', HTMLElement),
  ['pods', namespace ? `in ${namespace}` : 'in all namespaces', labelSelector && `with ${labelSelector}`].filter(Boolean).join(' '),
)

// Everything that happens between two frames is drawn at once.
let changed = new Map<string, Entry<Pod> | undefined>()
let isScheduled = false
const schedule = () => {
  if (isScheduled) return
  isScheduled = true
  requestAnimationFrame(draw)
}

function draw(): void {
  isScheduled = false
  const first = rows.size === 0
  const flashes = first ? [] : changed.keys()
  if (changed.size > 0) {
    rows.apply(changed)
    podTable.update(flashes)
    changed = new Map()
  }
  drawCount()
  strip.update(Date.now())
}

function drawCount(): void {
  const { shown, size } = rows
  write(
    byId('count', HTMLElement),
    shown.length === size ? `${formatCount(size)} pods` : `${formatCount(shown.length)} of ${formatCount(size)} pods`,
  )
  const empty = byId('empty', HTMLElement)
  empty.hidden = shown.length > 0
  const { hasSynced } = feed.reflector.status
  write(empty, size > 0 ? 'No pod matches the filter.' : hasSynced ? 'There are no pods.' : 'No pods yet.')
}

feed.store.subscribe(({ type, changes }) => {
  if (type !== 'resync') for (const change of changes) changed.set(change.entry.key, change.type === 'deleted' ? undefined : change.entry)
  schedule()
})
feed.reflector.subscribe(schedule)
feed.persistence.subscribe(schedule)

filter.addEventListener('input', () => {
  rows.filter(filter.value)
  podTable.update()
  drawCount()
})
document.addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.target === filter || event.ctrlKey || event.metaKey || event.altKey) return
  event.preventDefault()
  filter.select()
})
setInterval(() => {
  podTable.tick(Date.now())
  schedule()
}, 1000)

schedule()
void new Controls(feed).start()
void feed.run()
