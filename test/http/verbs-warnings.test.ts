import { afterEach, describe, expect, it, vi } from 'vitest'
import { parseWarnings, type ServerWarning } from '../../src/http/warnings'
import { Pod } from '../../src/resources/core/v1'
import { serve } from './server'

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('parseWarnings', () => {
  it.each<[string, ServerWarning[]]>([
    ['299 - "a is deprecated"', [{ code: 299, agent: '-', text: 'a is deprecated' }]],
    [
      '299 - "one, \\"quoted\\" and \\\\", 299 kube-apiserver "two" "Sat, 25 Aug 2012 23:34:45 GMT", 199 host:80 "three"',
      [
        { code: 299, agent: '-', text: 'one, "quoted" and \\' },
        { code: 299, agent: 'kube-apiserver', text: 'two' },
        { code: 199, agent: 'host:80', text: 'three' },
      ],
    ],
    ['299 - ""', [{ code: 299, agent: '-', text: '' }]],
    ['299 - "\u00c3\u00bcber"', [{ code: 299, agent: '-', text: 'über' }]],
    ['299 - "never ends', []],
    ['nonsense', []],
    ['', []],
  ])('parseWarnings of %j', (header, warnings) => {
    expect(parseWarnings(header)).toEqual(warnings)
  })
})

describe('onWarning', () => {
  const answer = (code = 200) => {
    const headers = new Headers({ warning: '299 - "one"' })
    headers.append('warning', '299 - "two"')
    return Response.json({ kind: 'Pod', metadata: { name: 'p' } }, { status: code, headers })
  }

  it.each([200, 404])('onWarning receives each warning of a response, with its request: %i', async (code) => {
    const told: unknown[] = []
    const { client } = serve(() => answer(code))
    await client({ onWarning: ({ text }, { method, url }) => void told.push([text, method, url]) })
      .get(Pod, 'p', { namespace: 'n' })
      .catch(() => undefined)
    const url = 'http://kube.test/api/v1/namespaces/n/pods/p'
    expect(told).toEqual([
      ['one', 'GET', url],
      ['two', 'GET', url],
    ])
  })

  it('an error thrown by onWarning is reported, and the request continues', async () => {
    const reported = vi.fn()
    vi.stubGlobal('reportError', reported)
    const failing = () => {
      throw new Error('the listener’s own')
    }
    const pod = await serve(() => answer())
      .client({ onWarning: failing })
      .get(Pod, 'p', { namespace: 'n' })
    expect(pod.metadata.name).toBe('p')
    expect(reported).toHaveBeenCalledWith(expect.objectContaining({ message: 'the listener’s own' }))
  })
})
