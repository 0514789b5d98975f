import { describe, expect, it } from 'vitest'
import { redact, redactError, redactorOf } from '../../src/internal/redact'

const JWT = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl'

describe('redacting a text', () => {
  it.each([
    ['a bearer token', 'refused: Bearer hunter2'],
    ['basic credentials', 'sent Basic aHVudGVyMg=='],
    [
      'lines of headers',
      'GET / HTTP/1.1\nAuthorization: Bearer hunter2\nCookie: a=hunter2; b=hunter2\nImpersonate-User: hunter2\nHost: kube',
    ],
    ['headers as JSON', '{"headers":{"authorization":"Bearer hunter2","cookie":"a=hunter2","host":"kube"}}'],
    ['headers as JSON within JSON', '{"body":"{\\"authorization\\":\\"hunter2\\",\\"x-api-key\\":\\"hunter2\\"}"}'],
    ['headers as lists in JSON', '{"Cookie":["a=hunter2","b=hunter2"]}'],
    ['headers as Go prints them', 'map[Authorization:[Bearer hunter2] Cookie:[a=hunter2]]'],
    ['headers in a table', '<tr><td>Cookie</td><td>a=hunter2</td></tr><tr><th>X-Auth-Token</th>\n<td>hunter2</td></tr>'],
    ['variables of a CGI program', 'HTTP_AUTHORIZATION=hunter2\nHTTP_COOKIE=a=hunter2'],
    ['a token in a URL', 'https://login.example/cb?access_token=hunter2&code=hunter2#id_token=hunter2'],
    ['a password in a URL', 'proxy http://ann:hunter2@proxy.example:3128 refused'],
    ['what undici says of a header', 'Headers.append: "Bearer a\nhunter2" is an invalid header value.'],
    ['what Deno says of a header', 'Invalid header value: "Bearer a\nhunter2"'],
    ['what V8 quotes of JSON', `Unexpected token 'x', ...":"hunter2", x"... is not valid JSON`],
    ['what JavaScriptCore quotes of JSON', 'JSON Parse error: Unexpected identifier "hunter2"'],
    ['the values of a Secret', '{"kind":"Secret","data":{"password":"hunter2"},"stringData":{"a":"hunter2"}}'],
    ['the values of a Secret that is cut off', '{"kind":"Secret","data":{"password":"hunter2'],
    ['a Secret in an annotation', '{"annotations":{"last":"{\\"data\\":{\\"password\\":\\"hunter2\\"}}"}}'],
  ])('redaction removes %s', (_what, text) => {
    expect(redact(text)).not.toContain('hunter2')
    expect(redact(redact(text))).toBe(redact(text))
  })

  it('redaction removes JSON web tokens anywhere in a text', () => {
    expect(redact(`the token "${JWT}" has expired`)).toBe('the token "…" has expired')
  })

  it.each([
    'pods "x" is forbidden: User "ann" cannot list resource "pods" in API group "" in the namespace "shop"',
    'clusterrole.rbac.authorization.k8s.io "view" not found',
    'the server requires Basic authentication',
    'Bearer token is missing',
    'admission webhook "cookies.example.com" denied the request',
    'Get "https://10.0.0.1:6443/api?timeout=32s": dial tcp: connection refused',
    'GET http://kube.test/api/v1/pods?continue=abc&limit=500',
  ])('redaction keeps text that is not a credential: %s', (text) => {
    expect(redact(text)).toBe(text)
  })

  it('redaction removes known secrets, in URLs too, and short secrets only by their form', () => {
    const clean = redactorOf(['pass word+1', 'pass word+1 and more', undefined, 'ab'])
    expect(clean('x pass word+1 y pass word+1 and more z pass%20word%2B1 ab')).toBe('x … y … z … ab')
  })

  it('redaction takes time linear in the length of the text', () => {
    const text = 'authorization<a>'.repeat(2_000) + '"'.repeat(20_000) + 'x-'.repeat(10_000) + '?token'.repeat(4_000) + 'eyJ'.repeat(10_000)
    const startedMs = performance.now()
    redact(text)
    expect(performance.now() - startedMs).toBeLessThan(2_000)
  })
})

describe('redacting an error', () => {
  const clean = redactorOf(['hunter2'])
  const everything = (error: unknown): string => {
    if (!(error instanceof Error)) return JSON.stringify(error) ?? ''
    const own = Object.getOwnPropertyNames(error).map((name) => (error as unknown as Record<string, unknown>)[name])
    return [error.name, error.message, error.stack, ...own.map(everything), everything(error.cause)].join('\n')
  }

  it('redaction returns an error without secrets unchanged', () => {
    const error = Object.assign(new Error('connect ECONNREFUSED', { cause: new Error('x') }), {
      code: 'ECONNREFUSED',
      errno: -111,
      address: '::1',
    })
    expect(redactError(error, clean)).toBe(error)
  })

  it.each([
    ['in its message', () => new TypeError('bad value hunter2')],
    ['in its cause', () => new Error('a', { cause: new Error('b', { cause: new Error('hunter2') }) })],
    ['in its stack alone', () => Object.assign(new Error('a'), { stack: 'Error: hunter2\n at x' })],
    ['in one of several errors', () => new AggregateError([new Error('a'), new Error('hunter2')], 'm')],
    ['in a property', () => Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL', input: 'http://ann:hunter2@x' })],
    ['in a nested object', () => Object.assign(new Error('a'), { config: { headers: { 'x-key': 'hunter2' } } })],
    ['in a request', () => Object.assign(new Error('a'), { request: new Request('http://x', { headers: { authorization: 'hunter2' } }) })],
    ['in a cause that is text', () => new Error('a', { cause: 'hunter2' })],
    ['in a code', () => Object.assign(new Error('a'), { code: 'hunter2' })],
  ])('redaction replaces an error that has a secret %s with a redacted copy', (_where, make) => {
    const error = make()
    const copy = redactError(error, clean) as Error
    expect(copy).not.toBe(error)
    expect(copy).toBeInstanceOf(Error)
    expect(copy.name).toBe(error.name)
    expect(everything(copy)).not.toContain('hunter2')
    expect('request' in copy).toBe(false)
  })

  it('redaction ends for an error that is its own cause, or that exceeds the limit of examined values', () => {
    const circular = new Error('hunter2')
    circular.cause = circular
    expect(everything((redactError(circular, clean) as Error).message)).not.toContain('hunter2')
    const large = Object.assign(new Error('a'), { items: Array.from({ length: 10_000 }, (_, at) => ({ at })) })
    expect(redactError(large, clean)).not.toBe(large)
  })

  it('redaction of a thrown value other than an Error returns text or undefined', () => {
    expect(redactError('hunter2!', clean)).toBe('…!')
    expect(redactError({ token: 'hunter2' }, clean)).toBeUndefined()
    expect(redactError(undefined, clean)).toBeUndefined()
  })
})
