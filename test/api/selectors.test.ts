import { describe, expect, it } from 'vitest'
import { fieldOf, parseFieldSelector } from '../../src/api/field-selectors'
import { nameSelector } from '../../src/api/name-selector'
import { checkSelectors } from '../../src/api/selector-options'
import { isSelectorError, parseLabelSelector } from '../../src/api/selectors'
import { verdicts } from './verdicts'

const errorOf = (parse: () => unknown): unknown => {
  try {
    return parse()
  } catch (error) {
    return error
  }
}

describe('label selectors', () => {
  // The cases of apimachinery's selector_test.go.
  it.each(['x=a,y=b,z=c', '', 'x!=a,y=b', 'x=', 'x= ', 'x=,z= ', 'x= ,z= ', '!x', 'x>1', 'x>1,z<5'])(
    '%j is read and written back without its spaces',
    (selector) => {
      expect(parseLabelSelector(selector).toString()).toBe(selector.replaceAll(' ', ''))
    },
  )

  it.each([
    ['x=a||y=b', 3, "the label value 'a||y'"],
    ['x==a==b', 5, "expected ',' or the end, found '=='"],
    ['!x=a', 3, "expected ',' or the end, found '='"],
    ['x<a', 3, 'expected an integer'],
    ['x,', 3, "expected a label key or '!', found the end"],
    [',x', 1, "expected a label key or '!', found ','"],
    ['!', 2, 'expected a label key, found the end'],
    ['x y', 3, "expected one of '=', '==', '!=', 'in', 'notin', '<', '>', ',', found 'y'"],
    ['x===a', 4, "expected a label value, found '='"],
    ['x in a', 6, "expected '(', found 'a'"],
    ['x in (a', 8, "expected ',' or ')', found the end"],
    ['x in (a b)', 9, "expected ',' or ')', found 'b'"],
    ['x in (a,!b)', 9, "expected ',' or ')', found '!'"],
    ['x in (a))', 9, "expected ',' or the end, found ')'"],
    ['a/b/c', 1, "more than one '/'"],
    ['/x', 1, 'must be a DNS subdomain'],
    ['Example.com/x', 1, 'must be a DNS subdomain'],
    [`${'a'.repeat(254)}/x`, 1, 'at most 253 characters'],
    ['a/', 1, "name part of the label key 'a/'"],
    ['-x', 1, "name part of the label key '-x'"],
    ['x'.repeat(64), 1, '1 to 63 letters'],
    [`x=${'a'.repeat(64)}`, 3, 'at most 63 letters'],
    ['x in (ok, -no)', 11, "the label value '-no'"],
    ['x\u00a0=a', 1, 'name part of the label key'],
  ])('label selectors refuses the label selector %j at column %i: %s', (selector, column, message) => {
    const error = errorOf(() => parseLabelSelector(selector))
    expect(error).toSatisfy(isSelectorError)
    expect(error).toMatchObject({ selector, column, message: expect.stringContaining(message) })
  })

  it.each([
    ['x=a,a=x', 'a=x,x=a'],
    ['x in (c,a,b,a)', 'x in (a,b,c)'],
    [' x  notin\t(\n a , b ) ', 'x notin (a,b)'],
    ['x in (),y', 'x in (),y'],
    ['x in (,a)', 'x in (,a)'],
    ['x in (a,,b)', 'x in (,a,b)'],
    ['x==a', 'x==a'],
    ['example.com/app.kubernetes_io-x=1', 'example.com/app.kubernetes_io-x=1'],
    ['! x', '!x'],
  ])('the canonical form of %j is %j', (selector, canonical) => {
    expect(parseLabelSelector(selector).toString()).toBe(canonical)
    expect(parseLabelSelector(canonical).toString()).toBe(canonical)
  })

  const labels = { foo: 'bar', baz: 'blah' }
  it.each<[string, Record<string, string> | undefined, boolean]>([
    ['', { x: 'y' }, true],
    ['', undefined, true],
    ['x=y', { x: 'y' }, true],
    ['x=y,z=w', { x: 'y', z: 'w' }, true],
    ['x!=y,z!=w', { x: 'z', z: 'a' }, true],
    ['notin=in', { notin: 'in' }, true],
    ['x', { x: 'z' }, true],
    ['!x', { y: 'z' }, true],
    ['x>1', { x: '2' }, true],
    ['x<1', { x: '0' }, true],
    ['x=z', {}, false],
    ['x=y', { x: 'z' }, false],
    ['x=y,z=w', { x: 'w', z: 'w' }, false],
    ['x!=y,z!=w', { x: 'z', z: 'w' }, false],
    ['x', { y: 'z' }, false],
    ['!x', { x: 'z' }, false],
    ['x>1', { x: '0' }, false],
    ['x<1', { x: '2' }, false],
    ['x>1', { x: 'two' }, false],
    ['x>1', {}, false],
    ['foo=bar', labels, true],
    ['baz=blah', labels, true],
    ['foo=bar,baz=blah', labels, true],
    ['foo=blah', labels, false],
    ['baz=bar', labels, false],
    ['foo=bar,foobar=bar,baz=blah', labels, false],
    ['x in (a,b)', { x: 'b' }, true],
    ['x in (a,b)', { x: 'c' }, false],
    ['x in (a,b)', undefined, false],
    ['x notin (a,b)', { x: 'c' }, true],
    ['x notin (a,b)', { x: 'a' }, false],
    ['x notin (a,b)', undefined, true],
    ['x!=a', undefined, true],
    ['x=', { x: '' }, true],
    ['x=', {}, false],
    ['toString', {}, false],
  ])('the label selector %j on %j is %s', (selector, set, expected) => {
    expect(parseLabelSelector(selector).matches(set)).toBe(expected)
  })

  it('a label selector reports whether it selects everything', () => {
    expect(parseLabelSelector(' ').empty).toBe(true)
    expect(parseLabelSelector('x').empty).toBe(false)
  })
})

describe('field selectors', () => {
  const pod = {
    metadata: { name: 'web-1', namespace: 'shop' },
    spec: { nodeName: 'n1', hostNetwork: true },
    status: { phase: 'Running', note: 'a,b=c\\d' },
  }
  const matches = (selector: string) => parseFieldSelector(selector).matches((path) => fieldOf(pod, path))

  it.each([
    ['', true],
    ['metadata.name=web-1', true],
    ['metadata.name==web-1', true],
    ['metadata.name!=web-1', false],
    ['metadata.namespace!=y', true],
    ['spec.nodeName=n1,status.phase=Running', true],
    ['spec.nodeName=n1,status.phase=Failed', false],
    ['spec.hostNetwork=true', true],
    ['spec.missing=', true],
    ['spec.missing!=', false],
    ['spec.nodeName.deeper=', true],
    ['spec=', true],
    ['status.note=a\\,b\\=c\\\\d', true],
    [',metadata.name=web-1,', true],
  ])('the field selector %j is %s', (selector, expected) => {
    expect(matches(selector)).toBe(expected)
  })

  it.each([
    ['foo', 4, "expected '=', '==' or '!=' after 'foo'"],
    ['a=b,foo', 8, "after 'foo'"],
    ['=b', 1, "expected a field's path"],
    ['a=b=c', 4, "expected '\\='"],
    ['a=b\\c', 4, "found '\\c'"],
    ['a=b\\', 4, "found '\\'"],
  ])('field selectors refuses the field selector %j at column %i: %s', (selector, column, message) => {
    expect(errorOf(() => parseFieldSelector(selector))).toMatchObject({ selector, column, message: expect.stringContaining(message) })
  })

  it('the canonical form of a field selector is sorted and escaped, with one kind of equals', () => {
    expect(parseFieldSelector('b==x\\,y,a!=z').toString()).toBe('a!=z,b=x\\,y')
  })
})

describe('selectors are accepted exactly when the API server accepts them', () => {
  const isAccepted = (options: Parameters<typeof checkSelectors>[0]) => {
    const error = errorOf(() => checkSelectors(options))
    if (error !== undefined) expect(error).toSatisfy(isSelectorError)
    return error === undefined
  }

  it('accepts label selectors exactly when the API server does, with the same meaning', () => {
    for (const [labelSelector, canonical] of verdicts.labels) {
      expect([labelSelector, isAccepted({ labelSelector })]).toEqual([labelSelector, canonical !== null])
      if (canonical !== null) expect(parseLabelSelector(labelSelector).toString()).toBe(canonical)
    }
  })

  it('accepts field selectors exactly when the API server does, except for a term without a field', () => {
    for (const [fieldSelector, canonical] of verdicts.fields) {
      const hasEmptyField = /(^|(?<!\\)(\\\\)*,)!?=/.test(fieldSelector)
      expect([fieldSelector, isAccepted({ fieldSelector })]).toEqual([fieldSelector, canonical !== null && !hasEmptyField])
      if (canonical !== null && !hasEmptyField) expect(parseFieldSelector(fieldSelector).toString()).toBe(canonical)
    }
  })

  it.each([null, 5, { app: 'web' }])(
    'selectors are accepted exactly when the API server accepts them refuses %j as a selector, and says what a selector is',
    (given) => {
      expect(() => checkSelectors({ labelSelector: given as never })).toThrow(
        "labelSelector must be a string such as 'app=web,tier!=db', got ",
      )
      expect(() => checkSelectors({ fieldSelector: given as never })).toThrow(
        "fieldSelector must be a string such as 'spec.nodeName=n1', got ",
      )
    },
  )
})

describe('nameSelector', () => {
  // The results of fields.OneTermEqualSelector("metadata.name", name).String().
  it.each([
    ['web', 'metadata.name=web'],
    ['system:node', 'metadata.name=system:node'],
    ['team=a,team=b', 'metadata.name=team\\=a\\,team\\=b'],
    ['CORP\\admins', 'metadata.name=CORP\\\\admins'],
    ['\\,=', 'metadata.name=\\\\\\,\\='],
  ])('escapes the name %j, so that the selector selects that name only', (name, selector) => {
    expect(nameSelector(name)).toBe(selector)
    expect(parseFieldSelector(nameSelector(name, 'shop')).exactValue('metadata.name')).toBe(name)
    expect(parseFieldSelector(nameSelector(name, 'shop')).exactValue('metadata.namespace')).toBe('shop')
  })

  it('names no namespace for an object that has none', () => {
    expect(nameSelector('web', '')).toBe('metadata.name=web')
  })
})
