import { describe, expect, test } from 'vitest'
import { readEntries, readExports } from '../../scripts/check-docs.ts'

/**
 * Every name the package exports. A name that is missing here is a new promise to users, one that is missing there a broken one. Of
 * generated resources only the values are listed: their types follow the API server's schema.
 */
const expected: Readonly<Record<string, readonly string[]>> = {
  kubeflect: [],
  'kubeflect/idb': ['idbPersister', 'IdbPersisterOptions'],
  'kubeflect/testing': [],
  'kubeflect/resources/core/v1': ['ConfigMap', 'Event', 'Namespace', 'Node', 'Pod', 'Secret', 'Service'],
  'kubeflect/resources/apps/v1': ['Deployment'],
}

const entries = readEntries()
const exportsByEntry = readExports(entries)

describe.each(entries)('$name', ({ name, exists }) => {
  const exported = exportsByEntry.get(name) ?? []

  test.runIf(exists)('exports what is promised, and nothing else', () => {
    const listed = name.includes('/resources/') ? exported.filter(({ isValue }) => isValue) : exported
    expect(listed.map((each) => each.name).sort()).toEqual([...(expected[name] ?? [])].sort())
  })

  test.runIf(exists)('explains every name', () => {
    expect(exported.filter(({ documentation }) => documentation === '').map((each) => `${each.location}: ${each.name}`)).toEqual([])
  })
})

test('every subpath in package.json has a source file, and a list here', () => {
  expect(entries.filter(({ exists }) => !exists).map(({ path }) => path)).toEqual([])
  expect(entries.map(({ name }) => name).sort()).toEqual(Object.keys(expected).sort())
})
