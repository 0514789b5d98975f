// The documentation site: navigation, search, and a text version for language models.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type DefaultTheme, defineConfig } from 'vitepress'
import llms from 'vitepress-plugin-llms'

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

/** The sidebars that TypeDoc wrote, one for each entry of the package; none before `npm run api`. All in one would be 100 kB of every page. */
function apiSidebars(): DefaultTheme.SidebarMulti {
  const path = `${root}/api/typedoc-sidebar.json`
  const entries = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as DefaultTheme.SidebarItem[]) : []
  const named = entries.map((entry) => ({ ...entry, text: entry.text === 'index' ? 'kubeflect' : `kubeflect/${entry.text}` }))
  const links = named.map(({ text, link }) => ({ text, link }))
  return Object.fromEntries([
    ['/api/', links],
    ...named.map((entry) => [
      entry.link,
      [
        { ...entry, collapsed: false },
        { text: 'Other entries', items: links.filter(({ link }) => link !== entry.link) },
      ],
    ]),
  ])
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
  { text: 'Recipes', collapsed: true, items: pagesOf('recipes') },
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
  // Links to files of the repository are for readers on GitHub; test/repository checks them.
  ignoreDeadLinks: [/^(\.\/)?(\.\.\/)+/],
  themeConfig: {
    nav: [
      { text: 'Start', link: '/start' },
      { text: 'Guides', link: '/guides/large-tables' },
      { text: 'API', link: '/api/' },
      { text: 'Playground', link: '/playground' },
      { text: 'Changelog', link: '/changelog' },
    ],
    sidebar: { ...apiSidebars(), '/decisions/': [{ text: 'Decisions', items: pagesOf('decisions') }], '/': guide },
    search: {
      provider: 'local',
      options: {
        // Pages of the API reference are found by their titles: their bodies would triple the index.
        _render: (source, env, md) => md.render(env.relativePath.startsWith('api/') ? (/^# .+$/m.exec(source)?.[0] ?? '') : source, env),
      },
    },
    socialLinks: [{ icon: 'github', link: 'https://github.com/kubeflect/kubeflect' }],
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
