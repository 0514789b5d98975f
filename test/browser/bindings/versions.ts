// Other versions of the frameworks, and React's compiler, as variants of a page's build.

import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { PluginOption } from 'vite'
import { installIn } from '../../support/install.ts'
import type { BuildOptions } from './site.ts'

const folder = join(import.meta.dirname, 'versions')
const installed = join(folder, 'node_modules')

/** Installs the versions. To be awaited before the tests that use them. */
export const installVersions = (): Promise<void> => installIn(folder)

/** React 18.3 in place of React 19. */
export const REACT_18: BuildOptions = { alias: [{ find: /^(react|react-dom)(?=\/|$)/, replacement: join(installed, '$1') }] }

/** The release candidate of Vue 3.6 in place of Vue 3.5. */
export const VUE_3_6: BuildOptions = { alias: [{ find: /^vue$/, replacement: join(installed, 'vue/dist/vue.runtime.esm-bundler.js') }] }

/** The release candidate of Solid 2 in place of Solid 1.9. */
export const SOLID_2: BuildOptions = {
  alias: [
    { find: /^solid-js\/web$/, replacement: join(installed, '@solidjs/web/dist/web.js') },
    { find: /^@solidjs\/web$/, replacement: join(installed, '@solidjs/web/dist/web.js') },
    { find: /^solid-js$/, replacement: join(installed, 'solid-js/dist/solid.js') },
  ],
  plugins: () => [babel('solid', { presets: [[join(installed, 'babel-preset-solid'), { moduleName: '@solidjs/web' }]] })],
}

/** Components that React's compiler has compiled. */
export const REACT_COMPILER: BuildOptions = {
  plugins: () => [
    babel('react-compiler', { plugins: [[join(installed, 'babel-plugin-react-compiler'), { panicThreshold: 'all_errors' }]] }),
  ],
}

/** Runs Babel over the components of the pages and the examples, and leaves their types to Vite. */
function babel(name: string, options: { readonly presets?: readonly unknown[]; readonly plugins?: readonly unknown[] }): PluginOption {
  const { transformAsync } = createRequire(join(folder, 'package.json'))('@babel/core')
  return {
    name,
    enforce: 'pre',
    async transform(code, id) {
      if (!id.endsWith('.tsx')) return undefined
      const { code: compiled, map } = await transformAsync(code, {
        ...options,
        filename: id,
        babelrc: false,
        configFile: false,
        sourceMaps: true,
        parserOpts: { plugins: ['typescript', 'jsx'] },
      })
      return { code: compiled, map }
    },
  }
}
