// Tests the YAML of the drawer, whose lines know the path of their field.
import { describe, expect, it } from 'vitest'
import { yamlLines } from '../../playground/drawer/yaml.ts'
import { diff } from '../../src/live'
import { podFixture } from '../../src/testing'

describe('the YAML of the drawer', () => {
  it('the YAML of the drawer writes maps, lists and nested lists as kubectl does, and quotes what YAML would read as something else', () => {
    const value = { a: 'text', n: 1, on: 'yes', empty: {}, none: [], list: [{ x: 'a: b', y: [1, '2'] }, 'c'], 'app.io/x': null, 'a b': ' ' }
    expect(yamlLines(value).map(({ text }) => text)).toEqual([
      'a: text',
      '"n": 1',
      '"on": "yes"',
      'empty: {}',
      'none: []',
      'list:',
      '- x: "a: b"',
      '  "y":',
      '  - 1',
      '  - "2"',
      '- c',
      'app.io/x: null',
      'a b: " "',
    ])
  })

  it('the path of each line of the YAML is the one that diff gives for a change of its field', () => {
    const pod = podFixture(1)
    const leaves = yamlLines(pod).filter(({ text }) => !/[:}\]]$/.test(text))
    expect(leaves.length).toBeGreaterThan(100)
    const paths = new Set(leaves.map(({ path }) => path))
    const changed = {
      ...pod,
      status: { ...pod.status, phase: 'Failed' },
      metadata: { ...pod.metadata, annotations: { 'example.com/owner': 'x' } },
    }
    for (const { path, type } of diff(pod, changed)) if (type === 'changed') expect(paths).toContain(path)
  })
})
