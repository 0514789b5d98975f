// The documentation site: navigation, search, and a text version for language models.
import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type DefaultTheme, defineConfig, type MarkdownRenderer } from 'vitepress'
import llms from 'vitepress-plugin-llms'

const REPOSITORY = 'https://github.com/kubeflect/kubeflect'
const root = fileURLToPath(new URL('..', import.meta.url))

/** Reads the title of a page: its first heading. */
function titleOf(path: string): string {
  return /^# (.+)$/m.exec(readFileSync(`${root}/${path}`, 'utf8'))?.[1] ?? path
}

/** Lists the pages of a folder by title. */
function pagesOf(folder: string): DefaultTheme.SidebarItem[] {
  return readdirSync(`${root}/${folder}`)
    .filter((name) => name.endsWith('.md') && name !== 'README.md' && name !== 'index.md')
    .sort()
    .map((name) => ({ text: titleOf(`${folder}/${name}`), link: `/${folder}/${name.slice(0, -'.md'.length)}` }))
}

/** Adapts links of pages that are also read on GitHub: files of the repository outside the site are there, and a folder's page is its README. */
function adaptLinks(md: MarkdownRenderer): void {
  const fallback = md.renderer.rules.link_open ?? ((tokens, index, options, _env, self) => self.renderToken(tokens, index, options))
  md.renderer.rules.link_open = (tokens, index, options, env, self) => {
    const href = tokens[index]?.attrGet('href') ?? ''
    const path = /^\.\.?\//.test(href) ? posix.join('docs', posix.dirname(env.relativePath), href) : 'docs/'
    tokens[index]?.attrSet('href', path.startsWith('docs/') ? href.replace(/README\.md/, 'index.md') : `${REPOSITORY}/blob/main/${path}`)
    return fallback(tokens, index, options, env, self)
  }
}

/** Returns the headings of a page of the API reference that are names. */
function headingsOf(source: string): string {
  return source.match(/^(# .+|### [^.\s]+)$/gm)?.join('\n\n') ?? ''
}

const guide: DefaultTheme.SidebarItem[] = [
  {
    text: 'Introduction',
    items: [
      { text: 'Start', link: '/start' },
      { text: 'Concepts', link: '/concepts' },
      { text: 'Run it here', link: '/run' },
      { text: 'Playground', link: '/playground' },
    ],
  },
  { text: 'Guides', items: pagesOf('guides') },
  { text: 'Coming from', items: pagesOf('migrate') },
  { text: 'Recipes', link: '/recipes/' },
  {
    text: 'Reference',
    items: [
      { text: 'API', link: '/api/' },
      { text: 'Errors', link: '/errors' },
      { text: 'Connection life cycle', link: '/lifecycle' },
      { text: 'Bounds', link: '/bounds' },
      { text: 'Performance', link: '/benchmarks' },
      { text: 'Conformance', link: '/conformance' },
      { text: 'Decisions', link: '/decisions/' },
      { text: 'Changelog', link: '/changelog' },
    ],
  },
]

export default defineConfig({
  title: 'kubeflect',
  description: "client-go's Reflector for browser and edge: list, watch, cache and persist Kubernetes objects, on fetch.",
  base: process.env.DOCS_BASE ?? '/',
  cleanUrls: true,
  lastUpdated: false,
  srcExclude: ['examples/**', 'node_modules/**'],
  rewrites: { 'recipes/README.md': 'recipes/index.md', 'decisions/README.md': 'decisions/index.md' },
  markdown: { config: adaptLinks },
  themeConfig: {
    nav: [
      { text: 'Start', link: '/start' },
      { text: 'Guides', link: '/guides/large-tables' },
      { text: 'API', link: '/api/' },
      { text: 'Playground', link: '/playground' },
      { text: 'Changelog', link: '/changelog' },
    ],
    sidebar: {
      '/api/': [{ text: 'API reference', link: '/api/' }],
      '/decisions/': [{ text: 'Decisions', link: '/decisions/' }],
      '/recipes/': [{ text: 'Recipes', link: '/recipes/', items: pagesOf('recipes') }],
      '/': guide,
    },
    search: {
      provider: 'local',
      options: {
        // The API reference is found by its names: its texts would triple the index.
        _render: (source, env, md) => md.render(env.relativePath.startsWith('api/') ? headingsOf(source) : source, env),
      },
    },
    socialLinks: [{ icon: 'github', link: REPOSITORY }],
    outline: [2, 3],
  },
  vite: {
    plugins: [llms({ ignoreFiles: ['api/**', 'decisions/**'] })],
    resolve: {
      alias: [
        { find: /^kubeflect$/, replacement: `${root}/../src/index.ts` },
        { find: /^kubeflect\/(.*)$/, replacement: `${root}/../src/$1.ts` },
      ],
    },
  },
})
