import { expect, it } from 'vitest'
import { jsrConfig, withExtensions } from '../../scripts/jsr.ts'

it('the copy for JSR has extensions in every kind of relative import, and packages stay as they are', () => {
  const source = [
    `import { a } from './a'`,
    `import './side-effect'`,
    `export type { B } from "../b/b"`,
    `const c = () => import('./c')`,
    `import ky from 'ky'`,
  ].join('\n')
  expect(withExtensions(source)).toBe(
    [
      `import { a } from './a.ts'`,
      `import './side-effect.ts'`,
      `export type { B } from "../b/b.ts"`,
      `const c = () => import('./c.ts')`,
      `import ky from 'ky'`,
    ].join('\n'),
  )
})

it('the configuration for JSR exports the sub-paths of package.json but the Worker', () => {
  const config = jsrConfig({
    version: '1.0.0',
    license: 'MIT',
    dependencies: { ky: '^2.0.0' },
    peerDependencies: { react: '>=18' },
    devDependencies: { react: '19.2.0' },
  })
  expect(config).toMatchObject({
    exports: { '.': './src/index.ts', './idb': './src/idb.ts' },
    imports: { ky: 'npm:ky@^2.0.0', react: 'npm:react@^19.2.0' },
  })
  expect(config).not.toHaveProperty(['exports', './worker'])
})
