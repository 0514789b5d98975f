import { describe, expect, it } from 'vitest'
import { metaNamespaceKey, objectKey, splitMetaNamespaceKey } from '../../src/api/keys'

describe('a key', () => {
  it.each([
    [{ metadata: { name: 'x', namespace: 'n' } }, 'n/x'],
    [{ metadata: { name: 'x' } }, 'x'],
    [{ metadata: { name: 'x', namespace: '' } }, 'x'],
    [{ name: 'x', namespace: 'n' }, 'n/x'],
    [{ name: 'x' }, 'x'],
  ])('the key of %j is %s', (object, key) => {
    expect(metaNamespaceKey(object)).toBe(key)
  })

  it.each([{ metadata: {} }, { metadata: { name: '' } }, { namespace: 'n' }])('a key refuses a key for %j', (object) => {
    expect(() => metaNamespaceKey(object)).toThrow(/the object has no metadata\.name/)
  })

  it.each([
    ['n', 'x'],
    ['', 'x'],
    ['kube-system', 'system:a.b-c'],
  ])('splits a key into its namespace %j and name %j', (namespace, name) => {
    expect(splitMetaNamespaceKey(objectKey(namespace, name))).toEqual({ namespace, name })
  })
})
