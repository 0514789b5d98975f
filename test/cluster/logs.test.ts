import { afterAll, beforeAll, expect, test } from 'vitest'
import { KubeClient } from '../../src/http/client'
import type { LogOptions } from '../../src/http/logs'
import { Namespace, Pod } from '../../src/resources/core/v1'
import { readInBackground } from '../support/logs.ts'
import { until } from './component.ts'
import { type Kubelet, startKubelet } from './kubelet.ts'
import { describeCluster } from './suite.ts'

// Compares logs with the output of `kubectl logs`, on a real API server that forwards the logs of the test's kubelet.

describeCluster('logs', (cluster) => {
  let client: KubeClient
  let kubelet: Kubelet

  beforeAll(async () => {
    client = new KubeClient({ baseUrl: cluster().proxyUrl })
    kubelet = await startKubelet(cluster(), 'node-1')
    await client.create(Namespace, { metadata: { name: 'shop' } })
  })
  afterAll(() => kubelet?.[Symbol.asyncDispose]())

  /** Creates a pod on the node. */
  async function start(name: string) {
    const containers = ['web', 'side'].map((container) => ({ name: container, image: 'x' }))
    const pod = await client.create(Pod, { metadata: { name, namespace: 'shop' }, spec: { nodeName: kubelet.node, containers } })
    const running = containers.map((container) => ({
      ...container,
      imageID: '',
      ready: true,
      restartCount: 1,
      state: { running: {} },
      lastState: { terminated: { exitCode: 1, containerID: 'x://1' } },
    }))
    await client.replace(Pod, { ...pod, status: { phase: 'Running', containerStatuses: running } }, { subresource: 'status' })
    const web = { namespace: 'shop', name, container: 'web' }
    const follow = (options: Partial<LogOptions> = {}) => readInBackground(client.logs({ ...web, follow: 'run', ...options }))
    const write = (...lines: string[]) => kubelet.logs.append(web, lines)
    return { web, follow, write }
  }

  const seenLines = (seen: { lines: readonly string[] }, count: number) =>
    until(`${count} lines`, () => (seen.lines.length >= count ? true : undefined))

  test.each<[string, Partial<LogOptions>, readonly string[]]>([
    ['all', {}, []],
    ['tail', { tailLines: 2 }, ['--tail=2']],
    ['no tail', { tailLines: 0 }, ['--tail=0']],
    ['since', { sinceSeconds: 15 }, ['--since=15s']],
    ['since a time', { sinceTime: '2026-01-01T00:00:10Z' }, ['--since-time=2026-01-01T00:00:10Z']],
    ['times', { timestamps: true }, ['--timestamps']],
    ['previous', { previous: true }, ['--previous']],
    ['bytes', { limitBytes: 9 }, ['--limit-bytes=9']],
    ['another container', { container: 'side' }, ['--container=side']],
    ['everything at once', { tailLines: 3, timestamps: true, sinceSeconds: 25 }, ['--tail=3', '--timestamps', '--since=25s']],
  ])('logs match kubectl: %s', async (what, options, flags) => {
    const { web, write } = await start(`same-${what.replaceAll(' ', '-')}`)
    write('of the run before')
    kubelet.logs.end(web)
    kubelet.logs.append({ ...web, container: 'side' }, ['of the other one'])
    for (const lines of [['first', ''], ['  zweite Zeile, ü\r'], ['third']]) {
      write(...lines)
      await kubelet.clock.advance(10_000)
    }
    // Times come from the kubelet's clock, which has advanced.
    const since = options.sinceTime && new Date(kubelet.clock.now() - 20_000).toISOString()
    const lines: string[] = []
    for await (const line of client.logs({ ...web, ...options, ...(since && { sinceTime: since }) })) lines.push(line)
    const flagsHere = flags.map((flag) => (since && flag.startsWith('--since-time') ? `--since-time=${since}` : flag))
    const container = flags.some((flag) => flag.startsWith('--container')) ? [] : ['--container=web']
    const printed = await cluster().kubectl(['logs', '-n', 'shop', web.name, ...container, ...flagsHere])
    expect(lines).toEqual(printed === '' ? [] : printed.replace(/\n$/, '').split('\n'))
    expect(lines.length > 0).toBe(what !== 'no tail')
  })

  test('followed logs continue until the container ends, like those of kubectl', async () => {
    const { web, follow, write } = await start('followed')
    write('a', 'b')
    const seen = follow()
    const printed = cluster().kubectl(['logs', '-f', '-n', 'shop', web.name, '-c', 'web'])
    await until('two followers', () => (kubelet.open >= 2 ? true : undefined))
    await seenLines(seen, 2)
    write('c')
    await seenLines(seen, 3)
    kubelet.logs.end(web)
    expect(await printed).toBe('a\nb\nc\n')
    await until('the end', () => (seen.outcome !== 'open' ? true : undefined))
    expect(seen).toEqual({ lines: ['a', 'b', 'c'], outcome: 'ended' })
  })

  test('followed logs survive an outage of kubelet or API server without loss or duplicates', async () => {
    const { web, follow, write } = await start('cut')
    const seen = follow({ timestamps: true, tailLines: 2 })
    await until('a follower', () => (kubelet.open >= 1 ? true : undefined))
    const expected: string[] = []
    const writeOn = async (...lines: string[]) => {
      const time = new Date(kubelet.clock.now()).toISOString().replace('Z', '000000Z')
      expected.push(...lines.map((line) => `${time} ${line}`))
      write(...lines)
    }
    await writeOn('a', 'a', 'b')
    await seenLines(seen, 3)
    kubelet.cut()
    await writeOn('b', 'c')
    await seenLines(seen, 5)
    await kubelet.clock.advance(300)
    await writeOn('c', 'd')
    await seenLines(seen, 7)
    const restarted = cluster().restartApiServer()
    await until('no client follows', () => (kubelet.open === 0 ? true : undefined))
    await writeOn('e', 'e')
    await restarted
    await seenLines(seen, 9)
    kubelet.logs.end(web)
    await until('the end', () => (seen.outcome !== 'open' ? true : undefined))
    expect(seen).toEqual({ lines: expected, outcome: 'ended' })
  })

  test('followed logs end when their pod is gone', async () => {
    const { web, follow, write } = await start('gone')
    write('a')
    const seen = follow()
    await seenLines(seen, 1)
    await client.delete(Pod, 'gone', { namespace: 'shop', gracePeriodSeconds: 0 })
    kubelet.logs.end(web)
    await until('the end', () => (seen.outcome !== 'open' ? true : undefined))
    expect(seen).toEqual({ lines: ['a'], outcome: 'ended' })
  })

  test('an abort ends followed logs, also at the kubelet', async () => {
    const { follow, write } = await start('aborted')
    write('a')
    const controller = new AbortController()
    const seen = follow({ signal: controller.signal })
    await seenLines(seen, 1)
    controller.abort()
    await until('the end, at the kubelet too', () => (seen.outcome !== 'open' && kubelet.open === 0 ? true : undefined))
    expect(seen).toEqual({ lines: ['a'], outcome: 'ended' })
  })

  test('reports an unknown pod, an unknown container, and a missing container name', async () => {
    const { web } = await start('wrong')
    const read = async (options: LogOptions) => {
      for await (const _line of client.logs(options)) expect.unreachable('there is no log')
    }
    for (const follow of [false, 'run'] as const) {
      await expect(read({ ...web, name: 'nobody', follow })).rejects.toMatchObject({
        status: 404,
        message: expect.stringContaining('pods "nobody" not found'),
      })
      await expect(read({ ...web, container: 'none', follow })).rejects.toMatchObject({
        status: 400,
        message: expect.stringContaining('container none is not valid for pod wrong'),
      })
      await expect(read({ namespace: 'shop', name: 'wrong', follow })).rejects.toMatchObject({
        status: 400,
        message: expect.stringContaining('choose one of: [web side]'),
      })
      await expect(read({ ...web, follow, sinceSeconds: 1, sinceTime: '2026-01-01T00:00:00Z' })).rejects.toMatchObject({ status: 422 })
    }
  })
})
