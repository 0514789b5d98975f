import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkPath, pathSegment, pathSegmentProblem } from '../../src/api/path-segment'
import { verdicts } from './verdicts'

describe('a segment of a path', () => {
  it.each([
    ['', 'the name is empty'],
    ['.', 'the name must not be "."'],
    ['..', 'the name must not be ".."'],
    ['\u2025', 'the name must not be ".."'],
    ['\uff0e\uff0e', 'the name must not be ".."'],
    ['a/b', 'the name must not contain "/", got "a/b"'],
    ['a\uff0fb', 'the name must not contain "/"'],
    ['..\\secrets', 'the name must not contain "\\\\"'],
    ['%2e%2e', 'the name must not contain "%"'],
    ['a\0', 'the name must not contain "\\u0000"'],
    ['a\r\nb', 'the name must not contain "\\r"'],
    ['a\u0085', 'the name must not contain "\\u0085"'],
    ['\ud800', 'the name must be well-formed Unicode'],
    [undefined, 'the name must be a string, got undefined'],
    [null, 'the name must be a string, got null'],
    [5, 'the name must be a string, got 5'],
    [{}, 'the name must be a string, got {}'],
  ])('a segment of a path refuses the path segment %j, and the message shows why', (value, message) => {
    expect(() => pathSegment(value, 'the name')).toThrow(message)
  })

  it('accepts a path segment only where the API server does, without control characters, backslashes and dot segments after normalization', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
    const isStricter = (name: string) => name === '' || /[\\\0-\x1f]/.test(name) || name.normalize('NFKC') === '..'
    for (const [name, , , , isSegment] of verdicts.names) {
      expect([name, pathSegmentProblem(name) === undefined]).toEqual([name, isSegment && !isStricter(name)])
    }
  })

  it('a path segment stays one segment of a URL for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        fc.pre(pathSegmentProblem(value) === undefined)
        const { pathname } = new URL(`http://kube.test/a/${pathSegment(value, 'it')}/z`)
        expect(pathname.split('/')).toHaveLength(4)
        expect(decodeURIComponent(pathname.split('/')[2] ?? '')).toBe(value)
      }),
      { numRuns: 1_000 },
    )
  })

  it('a bigint is refused as a path segment, because JSON cannot show it', () => {
    expect(() => pathSegment(5n, 'the name')).toThrow('the name must be a string, got 5n')
  })

  it('a message quotes a long path segment only in part', () => {
    expect(() => pathSegment(`${'x'.repeat(10_000)}/`, 'the name')).toThrow(/^.{0,200}$/)
  })
})

describe('a path of a request', () => {
  it.each(['/evil.test/x', '//evil.test', '\\evil.test', 'api/../../x', 'api/..', '..', 'a/./b', 'a/%2e%2E/b', 'a/.%2e', 'a\n/b', 'a\\b'])(
    '%j would leave the base URL, and is refused',
    (path) => {
      expect(() => checkPath(path)).toThrow('leaves the base URL')
    },
  )

  it.each(['', 'api/v1', 'apis/a.b/v1..2/...', 'api/v1/namespaces/shop/pods/x/proxy/a%2Fb', 'openapi/v3'])(
    'accepts the request path %j',
    (path) => {
      checkPath(path)
    },
  )
})
