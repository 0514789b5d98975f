import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { sourceAlias } from '../../../scripts/source-alias.ts'
import type { HydrationResult, PersistenceStatus } from '../../../src/index'
import { type FakeApiServer, podFixture } from '../../../src/testing'
import type { Random } from '../../../src/testing/random'
import { serve } from '../../support/http.ts'

/** What the page has at one moment. */
export interface Report {
  /** How loading went; later, how storing goes. */
  readonly status: HydrationResult | PersistenceStatus
  /** Whether the browser had found its database unreadable, and begun an empty one. */
  readonly isDatabaseLost: boolean
  readonly resourceVersion: string
  /** Each as `key uid resourceVersion`. */
  readonly objects: readonly string[]
}

const pods = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', scope: 'Namespaced' } as const

/** Changes pods, and remembers what there was at every version. */
export class History {
  readonly #server: FakeApiServer
  readonly #random: Random
  readonly #names: string[] = []
  readonly #changes: { readonly version: number; readonly key: string; readonly line: string | undefined }[] = []
  #made = 0

  constructor(server: FakeApiServer, random: Random, size: number) {
    this.#server = server
    this.#random = random
    while (this.#made < size) this.#create()
  }

  /** How many changes were made. */
  get length(): number {
    return this.#changes.length
  }

  /** Makes one change. */
  step(): void {
    const kind = this.#random.below(10)
    const at = this.#random.below(this.#names.length)
    const name = this.#names[at]
    if (kind === 0 || name === undefined) this.#create()
    else if (kind === 1) this.#delete(name, at)
    else this.#update(name)
  }

  /** What there was at a version, in the words of a {@link Report}, sorted. */
  at(resourceVersion: string): string[] {
    const state = new Map<string, string>()
    for (const { version, key, line } of this.#changes) {
      if (version > Number(resourceVersion)) break
      if (line === undefined) state.delete(key)
      else state.set(key, line)
    }
    return [...state.values()].sort()
  }

  #create(): void {
    const { metadata } = this.#server.create(pods, podFixture(this.#made++))
    this.#names.push(metadata.name ?? '')
    this.#note(metadata.name ?? '', metadata.resourceVersion, metadata.uid)
  }

  #delete(name: string, at: number): void {
    this.#names.splice(at, 1)
    const { metadata } = this.#server.delete(pods, { name })
    this.#note(name, metadata.resourceVersion, undefined)
  }

  #update(name: string): void {
    const pod = this.#server.get(pods, { name })
    if (!pod) throw new Error(`${name} is gone`)
    const { metadata } = this.#server.update(pods, { ...pod, metadata: { ...pod.metadata, annotations: { change: String(this.length) } } })
    this.#note(name, metadata.resourceVersion, metadata.uid)
  }

  #note(name: string, resourceVersion = '', uid: string | undefined): void {
    const key = `default/${name}`
    this.#changes.push({ version: Number(resourceVersion), key, line: uid && `${key} ${uid} ${resourceVersion}` })
  }
}

/** The page that is killed, beside an API server. */
export interface KillSite extends AsyncDisposable {
  readonly url: string
  /** The next report that comes. */
  nextReport(): Promise<Report>
}

/** Serves the page, and an API server below `/k8s`. */
export async function serveKillSite(server: FakeApiServer): Promise<KillSite> {
  const scripts = await bundle()
  let listeners: ((report: Report) => void)[] = []
  const { url, close } = await serve(async (request) => {
    const { pathname, search } = new URL(request.url)
    if (pathname.startsWith('/k8s/')) return server.fetch(new Request(new URL(pathname.slice(4) + search, request.url), request))
    if (pathname === '/report') {
      const report: Report = await request.json()
      const waiting = listeners
      listeners = []
      for (const listener of waiting) listener(report)
      return new Response(null, { status: 204 })
    }
    const script = scripts.get(pathname)
    if (script !== undefined) return new Response(script, { headers: { 'content-type': 'text/javascript' } })
    return new Response('<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>', {
      headers: { 'content-type': 'text/html' },
    })
  })
  return {
    url,
    nextReport: () => new Promise((resolve) => listeners.push(resolve)),
    [Symbol.asyncDispose]: close,
  }
}

async function bundle(): Promise<ReadonlyMap<string, string>> {
  const entry = fileURLToPath(new URL('../pages/kill.ts', import.meta.url))
  const built = await build({
    configFile: false,
    logLevel: 'error',
    resolve: { alias: sourceAlias },
    build: { write: false, target: 'esnext', lib: { entry, formats: ['es'], fileName: () => 'page.js' } },
  })
  const files = (Array.isArray(built) ? built : [built]).flatMap((result) => ('output' in result ? result.output : []))
  return new Map(files.flatMap((file) => (file.type === 'chunk' ? [[`/${file.fileName}`, file.code] as const] : [])))
}
