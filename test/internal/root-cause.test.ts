import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { rootCause } from '../../src/internal/root-cause'

const failed = (cause: unknown) => new TypeError('fetch failed', { cause })
const coded = (message: string, code: string) => Object.assign(new Error(message), { code })

describe('the root cause of a failed request', () => {
  it.each([
    ['Node, refused', failed(coded('connect ECONNREFUSED 127.0.0.1:8001', 'ECONNREFUSED')), 'ECONNREFUSED 127.0.0.1:8001'],
    ['Node, no such host', failed(coded('getaddrinfo ENOTFOUND kube.test', 'ENOTFOUND')), 'ENOTFOUND kube.test'],
    ['Node, reset', failed(coded('read ECONNRESET', 'ECONNRESET')), 'ECONNRESET'],
    ['Node, closed', new TypeError('terminated', { cause: coded('other side closed', 'UND_ERR_SOCKET') }), 'other side closed'],
    ['Node, expired', failed(coded('certificate has expired', 'CERT_HAS_EXPIRED')), 'certificate has expired'],
    [
      'Node, self-signed',
      failed(
        coded(
          'self-signed certificate; if the root CA is installed locally, try running Node.js with --use-system-ca',
          'DEPTH_ZERO_SELF_SIGNED_CERT',
        ),
      ),
      "self-signed certificate (give the cluster's certificate authority as `ca`, as loadKubeconfig does)",
    ],
    [
      'Node, no TLS',
      failed(
        coded(
          '40DD:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:../deps/x.c:77:\n',
          'ERR_SSL_WRONG_VERSION_NUMBER',
        ),
      ),
      'wrong version number (does the server speak TLS on this port?)',
    ],
    [
      'Node, two addresses',
      failed(
        new AggregateError(
          [coded('connect ECONNREFUSED ::1:8001', 'ECONNREFUSED'), coded('connect ECONNREFUSED 127.0.0.1:8001', 'ECONNREFUSED')],
          '',
        ),
      ),
      'ECONNREFUSED ::1:8001, ECONNREFUSED 127.0.0.1:8001',
    ],
    ['an error with a code only', coded('', 'EPIPE'), 'EPIPE'],
    [
      'Bun, refused',
      coded('ECONNREFUSED: Unable to connect. Is the computer able to access the url?', 'ECONNREFUSED'),
      'ECONNREFUSED: Unable to connect',
    ],
    [
      'Bun, closed',
      coded(
        'ECONNRESET: The socket connection was closed unexpectedly. For more information, pass `verbose: true` in the second argument to fetch()',
        'ECONNRESET',
      ),
      'ECONNRESET: The socket connection was closed unexpectedly',
    ],
    [
      'Deno, refused',
      failed(
        new Error(
          'error sending request for url (http://127.0.0.1:8001/x): client error (Connect): tcp connect error: Connection refused (os error 111)',
        ),
      ),
      'tcp connect error: Connection refused (os error 111)',
    ],
    [
      'Deno, closed',
      failed(
        new Error(
          'error sending request from 127.0.0.1:54354 for http://127.0.0.1:46843/ (127.0.0.1:46843): client error (SendRequest): connection closed before message completed',
        ),
      ),
      'connection closed before message completed',
    ],
    [
      'Chromium',
      new TypeError('Failed to fetch'),
      expect.stringMatching(/^Failed to fetch \(the browser hides why: the server is down, CORS/),
    ],
    ['Firefox', new TypeError('NetworkError when attempting to fetch resource.'), expect.stringContaining('hides why')],
    ['Safari', new TypeError('Load failed'), expect.stringContaining('hides why')],
    ['workerd', new Error('Network connection lost.'), 'Network connection lost.'],
    ['an error without a cause', new TypeError('fetch failed'), 'fetch failed'],
    [
      'a token function that failed',
      new Error('login failed', { cause: failed(coded('connect ECONNREFUSED ::1:1', '')) }),
      'login failed: ECONNREFUSED ::1:1',
    ],
    ['a cause that repeats', new Error('reset by peer', { cause: new Error('reset by peer') }), 'reset by peer'],
    ['text', 'boom', 'boom'],
    ['nothing', undefined, ''],
    ['null', null, ''],
    ['an object', {}, ''],
    ['a number', 7, ''],
  ])('the root cause of %s is short', (_name, error, expected) => {
    expect(rootCause(error)).toEqual(expected)
  })

  it('the root cause is bounded in length, and found for circular causes', () => {
    expect(rootCause(new Error('x'.repeat(10_000))).length).toBeLessThan(310)
    const circular = new Error('round')
    circular.cause = circular
    expect(rootCause(circular)).toBe('round')
  })
})

describe('the errors of real runtimes', () => {
  const root = join(import.meta.dirname, '../..')
  const script = join(import.meta.dirname, 'failed-requests.ts')
  it.each([
    ['Node', process.execPath, ['--experimental-strip-types', '--disable-warning=ExperimentalWarning', script]],
    ['Bun', join(root, 'node_modules/bun/bin/bun.exe'), ['run', script]],
    ['Deno', join(root, 'node_modules/deno/deno'), ['run', '--allow-all', '--no-config', script]],
  ])('the root cause of a failed request names the problem in %s', { timeout: 60_000 }, async (_runtime, command, args) => {
    const { stdout } = await promisify(execFile)(command, args, { cwd: root })
    const causes = JSON.parse(stdout)
    expect(causes).toEqual({
      refused: expect.stringMatching(/ECONNREFUSED|Connection refused/),
      unknown: expect.stringMatching(/ENOTFOUND|EAI_AGAIN|dns error/),
      reset: expect.stringMatching(/ECONNRESET|other side closed|[Cc]onnection (reset|closed)|socket/),
      untrusted: expect.stringMatching(/(certificate|UnknownIssuer).*certificate authority as `ca`/),
    })
    for (const cause of Object.values(causes)) expect(cause).not.toMatch(/fetch failed|error sending request|Is the computer able/)
  })
})
