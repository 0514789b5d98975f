// The site's theme: VitePress's own in the fonts of the system, the names of the API reference, and the component that runs examples.
import type { Theme } from 'vitepress'
import DefaultTheme from 'vitepress/theme-without-fonts'
import { h } from 'vue'
import ApiSidebar from './ApiSidebar.vue'
import PlaygroundFrame from './PlaygroundFrame.vue'
import RunExample from './RunExample.vue'
import './fonts.css'

const theme: Theme = {
  extends: DefaultTheme,
  Layout: () => h(DefaultTheme.Layout, null, { 'sidebar-nav-after': () => h(ApiSidebar) }),
  enhanceApp({ app }) {
    app.component('RunExample', RunExample)
    app.component('PlaygroundFrame', PlaygroundFrame)
  },
}

export default theme
