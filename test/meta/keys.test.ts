import { describe, expect, it } from 'vitest'
import { metaNamespaceKey, objectKey, splitMetaNamespaceKey } from '../../src/meta/keys'

describe('a key', () => {
  it.each([
    [{ metadata: { name: 'x', namespace: 'n' } }, 'n/x'],
    [{ metadata: { name: 'x' } }, 'x'],
    [{ metadata: { name: 'x', namespace: '' } }, 'x'],
    [{ name: 'x', namespace: 'n' }, 'n/x'],
    [{ name: 'x' }, 'x'],
  ])('of %j is %s', (object, key) => {
    expect(metaNamespaceKey(object)).toBe(key)
  })

  it.each([{ metadata: {} }, { metadata: { name: '' } }, { namespace: 'n' }])('of %j cannot be made', (object) => {
    expect(() => metaNamespaceKey(object)).toThrow(/the object has no metadata\.name/)
  })

  it.each([
    ['n', 'x'],
    ['', 'x'],
    ['kube-system', 'system:a.b-c'],
  ])('splits into what it was made of: %j and %j', (namespace, name) => {
    expect(splitMetaNamespaceKey(objectKey(namespace, name))).toEqual({ namespace, name })
  })
})
