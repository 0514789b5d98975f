// Tests for exec and attach against a real API server and kubelet, on both paths to it.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isApiError, isConnectionError } from '../../src/api/errors'
import { KubeClient, type KubeClientOptions } from '../../src/http/client'
import { Role, RoleBinding } from '../../src/resources/rbac.authorization.k8s.io/v1'
import { openInNode } from '../../src/socket/node'
import { isCommandError, isStreamOverflowError } from '../../src/streams/errors'
import { attach, exec } from '../../src/streams/exec'
import { connectPort } from '../../src/streams/port'
import { runCommand } from '../../src/streams/run'
import { until } from '../cluster/component.ts'
import { type StreamingKubelet, startStreamingKubelet } from '../cluster/streaming-kubelet.ts'
import { describeCluster } from '../cluster/suite.ts'
import { serve } from '../support/http.ts'
import { hashOf, startRelay } from './cluster-support.ts'
import { failure, text } from './outcomes.ts'

const failureText = (error: unknown) => String(error)

describeCluster('exec and attach on a real cluster', (cluster) => {
  let kubelet: StreamingKubelet
  beforeAll(async () => {
    kubelet = await startStreamingKubelet(cluster())
  })
  afterAll(() => kubelet?.[Symbol.asyncDispose]())

  const connect = (options: KubeClientOptions = {}): KubeClient => {
    const { serverUrl, certificateAuthority: ca, adminToken } = cluster()
    return new KubeClient({
      baseUrl: serverUrl,
      token: adminToken,
      webSocket: (request) => openInNode(request, { tls: { ca } }),
      ...options,
    })
  }
  const pod = (name: string) => ({ namespace: kubelet.namespace, name })

  describe.each(['translated', 'passed'])('on the node %s', (name) => {
    test('[streams/01] a command that writes to both streams and exits with 7 gives both texts and the code, as in kubectl', async () => {
      const command = ['sh', '-c', 'echo out; echo err >&2; exit 7']
      await using process = await exec(connect(), { ...pod(name), command })
      expect(await Promise.all([text(process.stdout), text(process.stderr)])).toEqual(['out\n', 'err\n'])
      expect((await process.exit).code).toBe(7)
      const error = await failure(cluster().kubectl(['exec', '-n', kubelet.namespace, name, '--', ...command]))
      expect(String(error)).toMatch(/exit code 7\nerr\n/)
    })

    test('[streams/02] an input of 20 MB reaches the command whole, and its end ends the command', async () => {
      await using process = await exec(connect(), { ...pod(name), command: ['wc', '-c'], stdin: true })
      const output = text(process.stdout)
      const input = new Blob(Array.from({ length: 20 }, (_, i) => new Uint8Array(1024 * 1024).fill(i))).stream()
      await input.pipeTo(process.stdin)
      expect((await output).trim()).toBe('20971520')
      expect((await process.exit).code).toBe(0)
    })

    test('[streams/06] a command that does not exist is a CommandError with the message of the server', async () => {
      await using process = await exec(connect(), { ...pod(name), command: ['no-such-command'] })
      const error = await failure(process.exit)
      expect(isCommandError(error) && error.message).toContain('no-such-command')
    })

    test('[streams/06] a container or pod that does not exist is an ApiError with the status of the server', async () => {
      const noContainer = await failure(exec(connect(), { ...pod(name), container: 'none', command: ['ls'] }))
      expect(isApiError(noContainer) && [noContainer.status, noContainer.message]).toEqual([
        400,
        expect.stringContaining('container none is not valid'),
      ])
      const noPod = await failure(exec(connect(), { ...pod('gone'), command: ['ls'] }))
      expect(isApiError(noPod) && [noPod.status, noPod.reason]).toEqual([404, 'NotFound'])
    })

    test('[streams/11] terminal sizes arrive in order, the first one before any other', async () => {
      await using process = await exec(connect(), { ...pod(name), command: ['@sizes'], stdin: true, tty: { columns: 80, rows: 24 } })
      const reader = process.stdout.getReader()
      const decoder = new TextDecoder()
      let output = ''
      const wait = async (expected: string) => {
        while (!output.includes(expected)) output += decoder.decode((await reader.read()).value)
      }
      await wait('80x24')
      await process.resize({ columns: 100, rows: 30 })
      await wait('100x30')
      await process.stdin.close()
      expect((await process.exit).code).toBe(0)
      expect(output.trim().split(/\s+/)).toEqual(['80x24', '100x30'])
    })

    test('[streams/11] terminal sizes that are sent at once, before the command has written anything, arrive in order', async () => {
      await using process = await exec(connect(), { ...pod(name), command: ['@sizes'], stdin: true, tty: { columns: 80, rows: 24 } })
      for (const columns of [90, 100, 110]) await process.resize({ columns, rows: 30 })
      const reader = process.stdout.getReader()
      const decoder = new TextDecoder()
      let output = ''
      while (!output.includes('110x30')) output += decoder.decode((await reader.read()).value)
      expect(output.trim().split(/\s+/)).toEqual(['80x24', '90x30', '100x30', '110x30'])
      expect((await kubelet.state()).streams.at(-1)?.sizes).toEqual(['80x24', '90x30', '100x30', '110x30'])
    })

    test('[streams/04] stderr of 2 MiB that nothing reads while stdout is awaited is an error that names stderr, unless it is canceled', async () => {
      const command = ['sh', '-c', 'head -c 2097152 /dev/zero >&2; echo done']
      {
        await using process = await exec(connect(), { ...pod(name), command })
        const output = failure(text(process.stdout))
        const error = await failure(process.exit)
        expect(isStreamOverflowError(error) && error.message).toContain('stderr has more than 1048576 unread bytes')
        expect(await output).toBe(error)
      }
      await using process = await exec(connect(), { ...pod(name), command })
      await process.stderr.cancel()
      expect([await text(process.stdout), (await process.exit).code]).toEqual(['done\n', 0])
    })

    test('[streams/13] an abort before or during the handshake leaves no connection open', async () => {
      const reason = new Error('enough')
      const start = (signal: AbortSignal) => failure(exec(connect(), { ...pod(name), command: ['sleep', '3'], signal }))
      const { length } = (await kubelet.state()).streams
      expect(await start(AbortSignal.abort(reason))).toBe(reason)
      expect((await kubelet.state()).streams).toHaveLength(length)
      // From the DNS lookup to the answer.
      for (const turns of [0, 1, 3, 10, 30, 100]) {
        const controller = new AbortController()
        const starting = start(controller.signal)
        for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve))
        controller.abort(reason)
        // Undefined if the connection stood before: then the abort closes it.
        expect([reason, undefined]).toContain(await starting)
      }
      await kubelet.idle()
    })

    test('[streams/13] an abort while reading or writing leaves no connection open within 100 ms', async () => {
      const durations: number[] = []
      for (const command of [
        ['sh', '-c', 'while :; do echo x; done'],
        ['sleep', '3'],
      ]) {
        const controller = new AbortController()
        const process = await exec(connect(), { ...pod(name), command, stdin: true, signal: controller.signal })
        const reading = failure(process.stdout.pipeTo(new WritableStream()))
        const writing = failure(new Blob([new Uint8Array(4_000_000)]).stream().pipeTo(process.stdin))
        await until('the connection', async () => ((await kubelet.state()).open === 1 ? true : undefined))
        controller.abort(new Error('enough'))
        const abortedAt = performance.now()
        await expect(process.exit).rejects.toThrow('enough')
        await Promise.all([reading, writing])
        while ((await kubelet.state()).open > 0) await new Promise((resolve) => setImmediate(resolve))
        durations.push(performance.now() - abortedAt)
      }
      // The shortest, because other programs may hold this machine up.
      expect(Math.min(...durations)).toBeLessThan(100)
    })

    test('[streams/05] a connection cut on the way is a ConnectionError within a second, and nothing reconnects', async () => {
      await using relay = await startRelay(cluster().serverUrl)
      await using process = await exec(connect({ baseUrl: relay.url }), { ...pod(name), command: ['sleep', '2'] })
      await until('the connection', async () => ((await kubelet.state()).open === 1 ? true : undefined))
      const outcome = Promise.all([failure(process.exit), text(process.stdout)])
      relay.cut()
      const cutAt = performance.now()
      const [error, output] = await outcome
      expect(isConnectionError(error) && error.message).toContain('connection lost; the command may still run')
      expect(output).toBe('')
      expect(performance.now() - cutAt).toBeLessThan(1_000)
      expect(relay.connections).toBe(1)
      await kubelet.idle()
    })

    test('[streams/05] a connection cut at the kubelet ends as kubectl sees it: lost, or where the API server translates, by its word a success', async () => {
      const command = ['sleep', '2']
      await using process = await exec(connect(), { ...pod(name), command })
      const kubectl = failure(cluster().kubectl(['exec', '-n', kubelet.namespace, name, '--', ...command]))
      await until('the connections', async () => ((await kubelet.state()).open === 2 ? true : undefined))
      const outcome = Promise.all([process.exit.then(({ code }) => code, failureText), text(process.stdout)])
      await kubelet.cut()
      const cutAt = performance.now()
      const [exit] = await outcome
      expect(performance.now() - cutAt).toBeLessThan(1_000)
      const other = await kubectl
      if (name === 'passed')
        expect([exit, String(other)]).toEqual([expect.stringContaining('connection lost'), expect.stringMatching(/exit code 1\n/)])
      // Kubernetes loses the break: its translator takes an error stream that ends without a word for a success.
      else expect([exit, other]).toEqual([0, undefined])
    })

    test('[streams/12] attach receives the output from now on and ends with the command; detaching leaves it running', async () => {
      await kubelet.start(name, ['sh', '-c', 'while read line; do echo "got $line"; [ "$line" = end ] && exit; done'])
      {
        await using first = await attach(connect(), { ...pod(name), stdin: true })
        await first.stdin.getWriter().write('one\n')
        const { value } = await first.stdout.getReader().read()
        expect(new TextDecoder().decode(value)).toBe('got one\n')
      }
      await kubelet.idle()
      await using second = await attach(connect(), { ...pod(name), stdin: true })
      await second.stdin.getWriter().write('two\nend\n')
      expect(await text(second.stdout)).toBe('got two\ngot end\n')
      expect((await second.exit).code).toBe(0)
    })

    test('[streams/12] attach without a terminal keeps the outputs apart, and an attachment without an input only listens', async () => {
      await kubelet.start(name, [
        'sh',
        '-c',
        'while read line; do echo "out $line"; echo "err $line" >&2; [ "$line" = end ] && exit 3; done',
      ])
      await using listening = await attach(connect(), pod(name))
      await using typing = await attach(connect(), { ...pod(name), stdin: true })
      await typing.stdin.getWriter().write('one\nend\n')
      for (const { stdout, stderr, exit } of [listening, typing]) {
        expect(await Promise.all([text(stdout), text(stderr)])).toEqual(['out one\nout end\n', 'err one\nerr end\n'])
        // The server does not say with which code the main command of a container ended.
        expect((await exit).code).toBe(0)
      }
    })

    // On both outputs, so that a line that is in the wrong stream shows too.
    const numbered = (prefix: string) => ['sh', '-c', `seq 1 20000 | sed s/^/${prefix}-/ | tee /dev/stderr`]
    const linesOf = (prefix: string) => hashOf(Array.from({ length: 20_000 }, (_, n) => `${prefix}-${n + 1}\n`).join(''))

    test('[streams/16] fifty commands at once that write 20,000 lines each to both outputs lose nothing and mix nothing up', async () => {
      const client = connect()
      const results = await Promise.all(
        Array.from({ length: 50 }, async (_, i) => {
          const { code, stdout, stderr } = await runCommand(client, { ...pod(name), command: numbered(`a${i}`) })
          return [code, hashOf(stdout), hashOf(stderr)]
        }),
      )
      expect(results).toEqual(results.map((_, i) => [0, linesOf(`a${i}`), linesOf(`a${i}`)]))
    })

    test('[streams/16] twenty thousand lines thirty times, one command after the other, arrive unchanged', async () => {
      const client = connect()
      for (let i = 0; i < 30; i++) {
        const { stdout, stderr } = await runCommand(client, { ...pod(name), command: numbered(`b${i}`) })
        expect([hashOf(stdout), hashOf(stderr)]).toEqual([linesOf(`b${i}`), linesOf(`b${i}`)])
      }
    })

    test('[streams/03] 300 MB that nothing reads stop the command, and take little memory', async () => {
      await using process = await exec(connect(), { ...pod(name), command: ['head', '-c', '300000000', '/dev/zero'] })
      const reader = process.stdout.getReader()
      const before = memory()
      await reader.read()
      await new Promise((resolve) => setTimeout(resolve, 4_000))
      expect((await kubelet.state()).streams.filter(({ running }) => running)).toHaveLength(1)
      expect(memory() - before).toBeLessThan(16)
      let length = 0
      for (;;) {
        const { done, value } = await reader.read()
        if (done) break
        length += value.length
      }
      expect(length).toBeGreaterThan(299_900_000)
      expect((await process.exit).code).toBe(0)
    })
  })

  test.each([
    ['exec', (client: KubeClient) => runCommand(client, { ...pod('translated'), command: ['true'] })],
    ['attach', async (client: KubeClient) => (await attach(client, pod('translated'))).close()],
    ['portforward', async (client: KubeClient) => (await connectPort(client, { ...pod('translated'), port: 1 })).close()],
  ])(
    '[streams/07] get alone and create alone on pods/%s, or both on another stream, are a 403 that names both rights',
    async (subresource, open) => {
      const { namespace } = kubelet
      const admin = new KubeClient({ baseUrl: cluster().proxyUrl })
      const viewer = connect({ token: cluster().viewerToken })
      await kubelet.start('translated', ['sleep', '30'])
      await admin.apply(
        RoleBinding,
        {
          metadata: { name: `viewer-${subresource}`, namespace },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: subresource },
          subjects: [{ kind: 'User', name: 'viewer', apiGroup: 'rbac.authorization.k8s.io' }],
        },
        { fieldManager: 'test' },
      )
      const grant = (resources: string[], verbs: string[]) =>
        admin.apply(
          Role,
          { metadata: { name: subresource, namespace }, rules: [{ apiGroups: [''], resources, verbs }] },
          { fieldManager: 'test' },
        )
      const own = `pods/${subresource}`
      const others = ['pods/exec', 'pods/attach', 'pods/portforward'].filter((one) => one !== own)
      for (const [resources, verbs] of [
        [[own], ['get']],
        [[own], ['create']],
        [others, ['get', 'create']],
      ] as const) {
        await grant([...resources], [...verbs])
        // The authorizer learns of a change by its own watch.
        const error = await until('the refusal', async () => {
          const error = await failure(open(viewer))
          return isApiError(error) && error.status === 403 ? error : undefined
        })
        expect(error.message).toContain(`(a stream needs the rights "get" and "create" on ${own})`)
      }
      await grant([own], ['get', 'create'])
      await until('the permission', async () => ((await failure(open(viewer))) === undefined ? true : undefined))
      // The other cases begin without it.
      await admin.delete(Role, subresource, { namespace })
    },
  )

  test('[streams/08] kubectl proxy with its defaults refuses with advice, and something that answers 200 passes no WebSockets', async () => {
    const proxied = new KubeClient({ baseUrl: cluster().proxyUrl })
    await expect(exec(proxied, { ...pod('translated'), command: ['ls'] })).rejects.toThrow(/--reject-paths='\^\$'/)
    const server = await serve(async () => new Response('<html>'))
    const blocked = new KubeClient({ baseUrl: server.url })
    const error = await failure(exec(blocked, { ...pod('translated'), command: ['ls'] }))
    await server.close()
    expect(isConnectionError(error) && error.message).toContain('answered 200 instead of 101: something between passes no WebSockets')
  })

  test('[streams/10] a token that the server refuses is asked for once more, and never quoted', async () => {
    const tokens = ['stale-token-1234', cluster().adminToken]
    let calls = 0
    const client = connect({ token: () => tokens[calls++] })
    expect((await runCommand(client, { ...pod('translated'), command: ['echo', 'hi'] })).stdout).toBe('hi\n')
    expect(calls).toBe(2)
    const error = await failure(exec(connect({ token: 'stale-token-1234' }), { ...pod('translated'), command: ['ls'] }))
    expect(isApiError(error) && error.status).toBe(401)
    expect(String(error)).not.toContain('stale-token-1234')
  })

  test('[streams/05] an API server that restarts is a ConnectionError and is not asked again, on both paths', async () => {
    const { pods } = kubelet
    const processes = await Promise.all(pods.map((name) => exec(connect(), { ...pod(name), command: ['sleep', '20'] })))
    const outcomes = Promise.all(processes.map(({ exit }) => failure(exit)))
    const outputs = Promise.all(processes.map(({ stdout }) => text(stdout)))
    await cluster().restartApiServer()
    for (const error of await outcomes) expect(isConnectionError(error) && error.message).toContain('connection lost')
    expect(await outputs).toEqual(['', ''])
    expect((await kubelet.state()).streams.filter(({ command }) => command?.[1] === '20')).toHaveLength(2)
  })
})

/** The resident memory of this process, in MB, after a garbage collection where there is one. */
const memory = (): number => {
  globalThis.gc?.()
  return process.memoryUsage().rss / 1_000_000
}
