import { join } from 'node:path'
import { build } from 'vite'
import { expect, test } from 'vitest'
import { folder } from './modules.ts'

test('a bundle contains only the resource values that it uses', async () => {
  const entry = '\0entry'
  const text = `import { Job } from '${join(folder, 'batch/v1')}'\nimport { Pod } from '${join(folder, 'core/v1')}'\nexport const kinds = [Job, Pod.plural]`
  const bundled = await build({
    configFile: false,
    logLevel: 'error',
    build: { write: false, minify: false, lib: { entry, formats: ['es'], fileName: 'bundle' } },
    plugins: [
      { name: 'entry', resolveId: (id) => (id.endsWith('entry') ? entry : undefined), load: (id) => (id === entry ? text : undefined) },
    ],
  })
  const [
    {
      output: [chunk],
    } = { output: [] },
  ] = [bundled].flat() as { output: { code: string }[] }[]
  const code = chunk?.code ?? ''
  expect([...code.matchAll(/\bkind: ['"](\w+)['"]/g)].map(([, kind]) => kind).sort()).toEqual(['Job', 'Pod'])
  expect(code.length).toBeLessThan(500)
})
