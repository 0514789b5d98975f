import { describe, expect, it } from 'vitest'
import { ConflictError, isParseError } from '../../src/api/errors'
import type { KubeObject } from '../../src/api/object'
import { entryFromObject, entryFromParts, entryFromText } from '../../src/codec/entry'
import { isTooDeep, MAX_DEPTH, parseJson } from '../../src/codec/json'
import { nearMatches } from '../../src/discovery/resolve'
import type { DiscoveredResource } from '../../src/discovery/resource'
import { readText } from '../../src/http/body'
import { MAX_PAGES } from '../../src/http/pages'
import { listTable } from '../../src/http/table'
import { ConfigMap } from '../../src/resources/core/v1'
import { listAll } from '../../src/source/pager'
import { utf8 } from '../codec/chunks'
import { endlessBody, serve } from '../http/server'
import { Gate, noting, Scene } from '../informer/support'

// Every buffer, wait and loop has a bound; these tests reach them.

const request = { method: 'GET', url: 'http://kube.test/x' }
const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`

describe('a body that is read as text', () => {
  it('a body that is read as text is given up at its bound, with the connection', async () => {
    const { body, cancelled } = endlessBody(utf8('x'.repeat(11)))
    const reading = readText(new Response(body), request, { maxBytes: 10 })
    await expect(reading).rejects.toThrow('GET http://kube.test/x: the answer is longer than the bound of 10 bytes')
    await cancelled
  })

  it('a body that is read as text may be as long as its bound', async () => {
    expect(await readText(new Response('x'.repeat(10)), request, { maxBytes: 10 })).toHaveLength(10)
  })
})

describe('pages', () => {
  const page = (token: string) => ({ metadata: { resourceVersion: '1', continue: token }, items: [] })

  it('pages that lead back to themselves end with an error', async () => {
    for (const tokens of [['a'], ['a', 'b', 'c']]) {
      const { client, requests } = serve((_request, count) => page(tokens[count % tokens.length] as string))
      const read = async () => {
        for await (const _page of client().pages(ConfigMap));
      }
      await expect(read()).rejects.toThrow('a continue token that leads to a page read before')
      expect(requests.length).toBeLessThanOrEqual(tokens.length + 1)
    }
  })

  it('pages that never end stop at their bound, also those of a reflector', async () => {
    let count = 0
    const source = {
      list: async () => ({ resourceVersion: '1', continue: String(++count), entries: [] }),
      watch: () => expect.unreachable('a list does not watch'),
    }
    await expect(listAll(source, { resourceVersion: '', pageSize: 1 })).rejects.toThrow(`more than ${MAX_PAGES} pages`)
    expect(count).toBe(MAX_PAGES)
  })
})

describe('JSON that is nested too deep', () => {
  it('JSON that is nested too deep is a ParseError as a body, as a table, as an object and as an entry', async () => {
    const text = `{"kind":"Table","metadata":{"name":"a"},"items":[],"rows":${deep(100_000)}}`
    const { client } = serve(() => new Response(text))
    for (const reading of [
      client().get(ConfigMap, 'a', { namespace: 'shop' }),
      client().list(ConfigMap),
      listTable(client(), ConfigMap),
      (async () => entryFromText(text))(),
      (async () => entryFromParts('a', '', '', text).object)(),
    ]) {
      await expect(reading).rejects.toSatisfy(isParseError)
    }
  })

  it('JSON that is nested too deep is a ParseError when an entry is made of it', () => {
    let value: unknown = 1
    for (let i = 0; i < 50_000; i++) value = [value]
    expect(() => entryFromObject({ metadata: { name: 'a' }, value } as KubeObject)).toThrow(expect.toSatisfy(isParseError))
  })

  it('JSON that is nested too deep is detected at the bound, whatever strings contain', () => {
    expect(isTooDeep(deep(MAX_DEPTH))).toBe(false)
    expect(isTooDeep(deep(MAX_DEPTH + 1))).toBe(true)
    expect(isTooDeep(JSON.stringify('{'.repeat(3 * MAX_DEPTH)))).toBe(false)
    expect(isTooDeep(`[${Array(MAX_DEPTH).fill('{}')}]`)).toBe(false)
    expect(() => parseJson(deep(MAX_DEPTH + 1))).toThrow(SyntaxError)
  })
})

describe('a handler that is slow', () => {
  it('a slow handler has at most 1,000 changes waiting, and two for each object, by default', async () => {
    await using scene = await new Scene(['a', 'b']).settle()
    const gate = new Gate()
    const notes: string[] = []
    gate.close()
    const registration = scene.informer.addEventHandler(noting(notes, gate.pass))
    await scene.settle()
    for (let i = 0; i < 1_500; i++) {
      scene.world.update('a')
      scene.world.update('b')
    }
    await scene.settle()
    expect(registration.backlog).toBeGreaterThanOrEqual(990)
    expect(registration.backlog).toBeLessThanOrEqual(1_004)
    const last = scene.informer.lister.get('shop/a')?.resourceVersion
    gate.open()
    await scene.settle()
    expect(notes.some((note) => note.startsWith(`~a@${last}<`))).toBe(true)
  })
})

describe('what a server writes to be searched', () => {
  const conflictOf = (message: string) =>
    new ConflictError({
      status: 409,
      request,
      body: { reason: 'Conflict', details: { causes: [{ reason: 'FieldManagerConflict', message, field: '.a' }] } },
    }).conflicts[0]?.manager

  it.each([
    ['conflict with "kubectl" using v1', 'kubectl'],
    ['conflict with "a \\"b\\" \\\\" using v1', 'a "b" \\'],
    ['conflict with "never ends', 'conflict with "never ends'],
    ['conflict', 'conflict'],
    ['""', ''],
  ])('what a server writes to be searched names the manager of the conflict %j', (message, manager) => {
    expect(conflictOf(message)).toBe(manager)
  })

  it('a server’s message is scanned once for the name in a conflict, however many quotes are unclosed', () => {
    const message = '"\\'.repeat(200_000)
    // A search that starts again at each quote takes minutes.
    expect(conflictOf(message)).toBe(message)
  }, 5_000)

  it('a server’s message is not compared letter by letter where no name is long enough', () => {
    const resource = (plural: string): DiscoveredResource =>
      ({ group: '', version: 'v1', plural, singular: plural, kind: plural, shortNames: [] }) as unknown as DiscoveredResource
    const long = 'x'.repeat(100_000)
    expect(nearMatches([resource(long), resource('pods')], `${long}y`)).toEqual([])
    expect(nearMatches([resource(long), resource('pods')], 'pod')).toEqual(['pods'])
  }, 5_000)
})
