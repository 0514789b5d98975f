import { describe, expect, it } from 'vitest'
import { entryFromText, field, fields, isParseError, keyed, Store } from '../../src'
import { VirtualClock } from '../../src/testing/virtual-clock'
import { createView } from '../../src/view/view'
import { names, put, type Thing, thing } from './support'

const text =
  '{"metadata":{"name":"a","uid":"1","resourceVersion":"1","labels":{"app.kubernetes.io/name":"web","a\\"b":"q"}},"status":{"startTime":"t","restarts":3}}'

describe('field', () => {
  it.each([
    ['status.startTime', 't'],
    ['status.restarts', 3],
    ['metadata.labels["app.kubernetes.io/name"]', 'web'],
    ['["metadata"].labels["a\\"b"]', 'q'],
    ['metadata.labels.app', undefined],
    ['spec.nodeName', undefined],
  ])('reads %s', (path, expected) => {
    expect(field(path)(entryFromText(text))).toBe(expected)
  })

  it('parses no object', () => {
    const entry = entryFromText(text)
    const { parse } = JSON
    const parsed: string[] = []
    JSON.parse = (source: string) => {
      parsed.push(source)
      return parse(source)
    }
    try {
      field('status.startTime')(entry)
    } finally {
      JSON.parse = parse
    }
    expect(parsed).toEqual(['"t"'])
  })

  it.each(['', '.a', 'a.', 'a..b', 'spec.containers[0]', "a['b']", 'a b', 'a["b"]c', 'a[', undefined, 3])('refuses the path %j', (path) => {
    expect(() => field(path as string)).toThrow(/^field: cannot read the path .* write the members with dots/)
  })
})

describe('fields', () => {
  it('reads the named fields of an entry', () => {
    const cells = fields({ started: 'status.startTime', app: 'metadata.labels["app.kubernetes.io/name"]', node: 'spec.nodeName' })
    expect(cells(entryFromText(text))).toEqual({ started: 't', app: 'web', node: undefined })
  })

  it('gives equal keys to functions for the same names and paths only', () => {
    expect(fields({ a: 'b.c' }).key).toBe(fields({ a: 'b.c' }).key)
    expect(fields({ a: 'b.c' }).key).not.toBe(fields({ d: 'b.c' }).key)
    expect(fields({ a: 'b.c' }).key).not.toBe(fields({ a: 'b' }).key)
  })

  it('throws a ParseError for an entry whose text is not JSON', () => {
    const entry = entryFromText('{"metadata":{"name":"a"},"status":{"phase":broken}}')
    expect(() => fields({ phase: 'status.phase' })(entry)).toThrow(expect.toSatisfy(isParseError))
  })

  it('refuses a path that cannot be read', () => {
    expect(() => fields({ phase: 'status.' })).toThrow(/^fields: cannot read the path/)
  })
})

describe('keyed', () => {
  it('calls the function with its arguments, and leaves the function itself unchanged', () => {
    const add = Object.freeze((a: number, b: number) => a + b)
    const sum = keyed('sum', add)
    expect([sum(1, 2), sum.key, 'key' in add]).toEqual([3, 'sum', false])
  })

  it.each([[''], [undefined], [3]])('refuses the key %j', (key) => {
    expect(() => keyed(key as string, () => 1)).toThrow(/^keyed: the key is a string that is not empty/)
  })

  it('refuses what is not a function', () => {
    expect(() => keyed('a', 'name' as never)).toThrow(/^keyed: the second argument is a function, got "name"/)
  })
})

describe('a view whose functions have keys', () => {
  it('[bindings/10] calls an inline function once for each entry, however often the query is given again', () => {
    const calls: string[] = []
    const called = (what: string, name: string) => {
      calls.push(`${what} ${name}`)
      return name
    }
    const query = (text: string) => ({
      filter: {
        where: keyed('where', ({ name }: { name: string }) => called('where', name) !== ''),
        search: { text, in: keyed('in', ({ name }: { name: string }) => called('in', name)) },
      },
      sort: { by: keyed('by', ({ name }: { name: string }) => called('by', name)) },
    })
    const store = new Store<Thing>()
    store.replace([thing('b'), thing('a')], '1')
    const view = createView(store, { clock: new VirtualClock(), ...query('a') })
    view.flush()
    expect(names(view.snapshot.rows)).toBe('a')
    for (const text of ['a', 'b', '']) view.update(query(text))
    expect(names(view.snapshot.rows)).toBe('a b')
    expect(calls.sort()).toEqual(['by a', 'by b', 'in a', 'in b', 'where a', 'where b'])
    store.apply(put(thing('a', { rv: '2' })), '2')
    view.flush()
    expect(calls).toHaveLength(8) // An empty search reads no text.
  })

  it('takes functions with different keys, and functions without one, for different functions', () => {
    const store = new Store<Thing>()
    store.replace([thing('a', { size: 2 }), thing('b', { size: 1 })], '1')
    const view = createView(store, { clock: new VirtualClock(), sort: { by: field('metadata.name') } })
    view.flush()
    expect(names(view.snapshot.rows)).toBe('a b')
    view.update({ sort: { by: field('size') } })
    expect(names(view.snapshot.rows)).toBe('b a')
    view.update({ sort: { by: ({ name }) => name } })
    expect(names(view.snapshot.rows)).toBe('a b')
  })
})
