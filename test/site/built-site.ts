// Reads the built documentation site as a static host serves it.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'
import { type HttpServer, serve } from '../support/http.ts'

const dist = join(import.meta.dirname, '../../docs/.vitepress/dist')

const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' }

/** A page of the site. */
export interface SitePage {
  readonly html: string
  /** The ids of its elements. */
  readonly ids: ReadonlySet<string>
}

/** Returns the paths of all files, relative to the site, with their sizes in bytes. */
export function siteFiles(): Map<string, number> {
  const files = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((file) => file.isFile())
  return new Map(files.map((file) => join(file.parentPath, file.name)).map((path) => [path.slice(dist.length), statSync(path).size]))
}

/** Returns the pages by the paths under which links name them. */
export function sitePages(): Map<string, SitePage> {
  const paths = [...siteFiles().keys()].filter((path) => path.endsWith('.html') && !path.startsWith('/play/'))
  return new Map(
    paths.map((path) => {
      const html = readFileSync(dist + path, 'utf8')
      const ids = new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id = '']) => id))
      return [path.replace(/(\/index)?\.html$/, (_, index) => (index ? '/' : '')), { html, ids }]
    }),
  )
}

/** Returns the text of a file of the site. */
export function siteText(path: string): string {
  return readFileSync(dist + path, 'utf8')
}

/** Serves the site as a static host with clean URLs does. */
export function serveSite(): Promise<HttpServer> {
  return serve(async (request) => {
    const { pathname } = new URL(request.url)
    const path = [pathname, `${pathname}.html`, `${pathname}index.html`].find((path) => extname(path) && existsSync(dist + path))
    if (!path) return new Response('not found', { status: 404 })
    return new Response(readFileSync(dist + path), { headers: { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' } })
  })
}
