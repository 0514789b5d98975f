// The declarations of the packed package, in the TypeScript versions and libraries that applications use.

import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, inject, test } from 'vitest'
import { installIn } from '../support/install.ts'

// The published declarations in the projects of applications: their compilers, their libraries, their options. Nothing is skipped of what they check.

const { project } = inject('consumers')
const run = promisify(execFile)
const versions = ['5.4', '5.6', '5.9', '6', '7']

interface Compilation {
  readonly files: readonly string[]
  readonly lib: readonly string[]
  readonly types?: readonly string[]
  readonly options?: Readonly<Record<string, unknown>>
}

/** What the compiler says of a project; the empty string when it has nothing to say. */
async function compile(version: string, { files, lib, types = [], options = {} }: Compilation): Promise<string> {
  const config = join(project, `tsconfig.${crypto.randomUUID()}.json`)
  const compilerOptions = {
    noEmit: true,
    strict: true,
    skipLibCheck: false,
    target: 'ES2022',
    module: 'ESNext',
    moduleResolution: 'bundler',
    lib,
    types,
    ...options,
  }
  writeFileSync(config, JSON.stringify({ compilerOptions, files }))
  try {
    await run(process.execPath, [join(project, `node_modules/typescript-${version}/bin/tsc`), '-p', config])
    return ''
  } catch (error) {
    return (error as { stdout?: string }).stdout || String(error)
  }
}

const picky = { exactOptionalPropertyTypes: true, isolatedModules: true, verbatimModuleSyntax: true, noUncheckedIndexedAccess: true }

describe.each(versions)('TypeScript %s', (version) => {
  test(`TypeScript ${version} compiles a page with only the libraries ES2022 and DOM`, async () => {
    const page = { files: ['page.ts'], lib: ['ES2022', 'DOM'], options: { ...picky, allowSyntheticDefaultImports: true } }
    expect(await compile(version, page)).toBe('')
  })

  test(`TypeScript ${version} compiles a program with only the types of Node`, async () => {
    const options = { ...picky, module: 'NodeNext', moduleResolution: 'nodenext' }
    expect(
      await compile(version, {
        files: ['server.ts', 'misuse.ts'],
        lib: ['ES2022'],
        types: ['node'],
        options: { ...options, verbatimModuleSyntax: false, isolatedModules: false },
      }),
    ).toBe('')
  })

  test(`TypeScript ${version} compiles a program with only the types of Cloudflare Workers`, async () => {
    expect(await compile(version, { files: ['server.ts'], lib: ['ES2022'], types: ['@cloudflare/workers-types'], options: picky })).toBe('')
  })
})

test.each(['5.4', '7'])('TypeScript %s compiles using declarations of disposable objects with the library ESNext', async (version) => {
  expect(await compile(version, { files: ['using.ts'], lib: ['ESNext', 'DOM'] })).toBe('')
})

test.each([
  ['without strict', '5.9', { strict: false }],
  ['with moduleResolution node16', '5.9', { module: 'Node16', moduleResolution: 'node16' }],
  [
    'with the options of a new Vite project',
    '6',
    { erasableSyntaxOnly: true, noUncheckedSideEffectImports: true, moduleDetection: 'force' },
  ],
  ['for a target of 2020', '5.9', { target: 'ES2020' }],
])('TypeScript compiles a page %s', async (_how, version, options) => {
  expect(await compile(version, { files: ['page.ts'], lib: ['ES2022', 'DOM'], options })).toBe('')
})

const reactTypes = {
  '18.3': join(import.meta.dirname, '../browser/bindings/versions/node_modules/@types/react'),
  '19': join(import.meta.dirname, '../../node_modules/@types/react'),
}

test.each([
  ['18.3', '5.4'],
  ['18.3', '7'],
  ['19', '5.4'],
  ['19', '7'],
] as const)('[bindings/19] the hooks compile with the types of React %s in TypeScript %s', async (react, version) => {
  await installIn(join(import.meta.dirname, '../browser/bindings/versions'))
  const options = { ...picky, paths: { react: [reactTypes[react]] }, skipLibCheck: true }
  expect(JSON.parse(readFileSync(join(reactTypes[react], 'package.json'), 'utf8')).version).toMatch(new RegExp(`^${react}\\.`))
  expect(await compile(version, { files: ['hooks.ts'], lib: ['ES2022', 'DOM'], options })).toBe('')
})
