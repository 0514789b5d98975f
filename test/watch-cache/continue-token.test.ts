import { expect, it } from 'vitest'
import { decodeContinue, encodeContinue } from '../../src/watch-cache/continue-token'

const token = (json: string) => Buffer.from(json).toString('base64url')
const text = (encoded: string) => Buffer.from(encoded, 'base64url').toString()

it.each([
  [{ resourceVersion: '250', start: 'shop/a\0' }, 'shop', '{"v":"meta.k8s.io/v1","rv":250,"start":"/a\\u0000"}'],
  [{ resourceVersion: '250', start: 'shop/a\0' }, '', '{"v":"meta.k8s.io/v1","rv":250,"start":"/shop/a\\u0000"}'],
  [{ resourceVersion: '', start: 'node-1\0' }, '', '{"v":"meta.k8s.io/v1","rv":-1,"start":"/node-1\\u0000"}'],
  [
    { resourceVersion: '98765432109876543210', start: 'größe\0' },
    '',
    '{"v":"meta.k8s.io/v1","rv":98765432109876543210,"start":"/größe\\u0000"}',
  ],
])('writes a continue token for %j in namespace "%s" like kube-apiserver, and reads it back', (decoded, namespace, json) => {
  const encoded = encodeContinue(decoded, namespace)
  expect(encoded).toMatch(/^[\w-]+$/)
  expect(text(encoded)).toBe(json)
  expect(decodeContinue(encoded, namespace)).toEqual(decoded)
})

it('reads continue tokens with a key without leading slash or trailing zero byte, and with members in any order', () => {
  const json = '{ "start" : "a", "rv" : 7, "v" : "meta.k8s.io/v1", "more": [1] }'
  expect(decodeContinue(token(json), 'shop')).toEqual({ resourceVersion: '7', start: 'shop/a' })
})

it('a continue token stays in the namespace of the list, even if it was created for another namespace', () => {
  const elsewhere = encodeContinue({ resourceVersion: '7', start: 'kube-system/secret\0' }, '')
  expect(decodeContinue(elsewhere, 'shop')).toEqual({ resourceVersion: '7', start: 'shop/kube-system/secret\0' })
})

const made = (members: object) => token(JSON.stringify({ v: 'meta.k8s.io/v1', rv: 1, start: 'a', ...members }))

it.each([
  ['an empty start key', made({ start: '' })],
  ['a start key that is a slash', made({ start: '/' })],
  ['a start key of another type', made({ start: 5 })],
  ['a key that leaves the collection', made({ start: '../secrets/a' })],
  ['a key with dots inside', made({ start: 'a/./b' })],
  ['a key with two slashes', made({ start: 'a//b' })],
  ['a key with two slashes before it', made({ start: '//a' })],
  ['a slash at the end', made({ start: 'a/' })],
  ['version zero', made({ rv: 0 })],
  ['version minus zero', token('{"v":"meta.k8s.io/v1","rv":-0,"start":"a"}')],
  ['no version', made({ rv: undefined })],
  ['a version that is text', made({ rv: '1' })],
  ['a fraction as version', made({ rv: 1.5 })],
  ['another format', made({ v: 'kubeflect/v1' })],
  ['a list', token('[]')],
  ['null', token('null')],
  ['text after the object', token('{"v":"meta.k8s.io/v1","rv":1,"start":"a"} x')],
  ['no JSON', 'zzz'],
  ['bytes that are no UTF-8', Buffer.from([0x22, 0xff, 0x22]).toString('base64url')],
  ['padding', `${made({})}==`],
  ['the other alphabet', `${made({})}+/`],
  ['the empty string', ''],
])('refuses a continue token with %s', (_, encoded) => {
  expect(decodeContinue(encoded, '')).toBeUndefined()
})
