// The site's theme: VitePress's own, and the component that runs examples.
import type { Theme } from 'vitepress'
import DefaultTheme from 'vitepress/theme'
import RunExample from './RunExample.vue'

const theme: Theme = {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component('RunExample', RunExample)
  },
}

export default theme
