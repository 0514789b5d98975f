// Tests for the streams of the fake server: commands, attached commands and ports, as clients see them.

import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { isApiError, isConnectionError } from '../../src/api/errors'
import { KubeClient } from '../../src/http/client'
import { Pod } from '../../src/resources/core/v1'
import { isCommandError } from '../../src/streams/errors'
import { attach, exec } from '../../src/streams/exec'
import { readFile, writeFile } from '../../src/streams/file'
import { connectPort } from '../../src/streams/port'
import { runCommand } from '../../src/streams/run'
import { FakeApiServer, type FakeApiServerOptions, type FakeCommand, podFixture } from '../../src/testing'
import { bytesOf, failure, text } from '../streams/outcomes.ts'

const web = { namespace: 'shop', name: 'web' }

/** A server with a pod, and its client. */
function setUp(options: FakeApiServerOptions = {}) {
  const server = new FakeApiServer(options)
  server.create(Pod, { metadata: web, spec: { containers: [{ name: 'main' }] } })
  const client = new KubeClient({ baseUrl: 'http://kubernetes.test', fetch: server.fetch, webSocket: server.webSocket })
  return { server, client }
}

describe('commands of the fake server', () => {
  it('a command gets its container and arguments, and its outputs and exit code arrive', async () => {
    const seen: Partial<FakeCommand>[] = []
    const { client } = setUp({
      exec: async ({ stdout, stderr, ...rest }) => {
        seen.push(rest)
        await stdout.write('out')
        await stderr.write(new TextEncoder().encode('err'))
        return 7
      },
    })
    expect(await runCommand(client, { ...web, command: ['ls', '-l a'] })).toEqual({ code: 7, stdout: 'out', stderr: 'err' })
    expect(seen).toMatchObject([{ ...web, container: 'main', command: ['ls', '-l a'], tty: false }])
  })

  it('a command without a code exits with 0, and its input ends with that of the client', async () => {
    const { client } = setUp({
      exec: async ({ stdin, stdout }) => {
        let length = 0
        for await (const bytes of stdin) length += bytes.length
        await stdout.write(String(length))
      },
    })
    const input = new Uint8Array(300_000)
    expect(await runCommand(client, { ...web, command: ['wc'], input })).toEqual({ code: 0, stdout: '300000', stderr: '' })
    expect(await runCommand(client, { ...web, command: ['wc'] })).toMatchObject({ stdout: '0' })
  })

  it('a command that throws, or returns no exit code, is a CommandError with the message', async () => {
    const { client } = setUp({
      exec: ({ command: [what] }) => {
        if (what === 'throw') throw new Error('no such program')
        return 256
      },
    })
    const run = (what: string) => failure(runCommand(client, { ...web, command: [what] }))
    expect(await run('throw')).toSatisfy(isCommandError)
    expect(String(await run('throw'))).toContain('no such program')
    expect(String(await run('code'))).toContain('an exit code must be an integer from 0 to 255, got 256')
  })

  it('a terminal tells its sizes, and has one output', async () => {
    const { client } = setUp({
      exec: ({ stdout, stderr, tty, onResize }) =>
        new Promise<number>((resolve) => {
          void stderr.write(`tty ${tty};`)
          onResize(({ columns, rows }) => {
            void stdout.write(`${columns}x${rows};`)
            if (columns === 3) resolve(0)
          })
        }),
    })
    await using shell = await exec(client, { ...web, command: ['sh'], tty: { columns: 1, rows: 2 } })
    await shell.resize({ columns: 3, rows: 4 })
    expect(await text(shell.stdout)).toBe('tty true;1x2;3x4;')
    expect((await shell.exit).code).toBe(0)
  })

  it('a command waits while its output is not read', async () => {
    let written = 0
    const { client } = setUp({
      exec: async ({ stdout }) => {
        for (; written < 50; written++) await stdout.write(new Uint8Array(1024 * 1024))
      },
    })
    await using process = await exec(client, { ...web, command: ['cat'] })
    // Without a limit, each part takes a few turns.
    for (let turn = 0; turn < 500; turn++) await setImmediate()
    expect(written).toBeLessThan(5)
    expect((await bytesOf(process.stdout)).length).toBe(50 * 1024 * 1024)
  })

  it.each([
    ['closes the stream', (shell: { close(): Promise<void> }) => shell.close()],
    ['aborts its signal', (_: unknown, aborting: AbortController) => aborting.abort()],
  ])('a command learns that the client %s', async (_, leave) => {
    const ends: unknown[] = []
    const { client, server } = setUp({
      exec: async ({ stdin, stdout, signal }) => {
        signal.addEventListener('abort', () => ends.push(signal.reason.message))
        await stdin.pipeTo(new WritableStream()).catch((error) => ends.push(error.message))
        await stdout.write('too late').catch((error) => ends.push(error.message))
        return 0
      },
    })
    const aborting = new AbortController()
    const shell = await exec(client, { ...web, command: ['sh'], stdin: true, signal: aborting.signal })
    shell.exit.catch(() => undefined)
    expect(server.openRequests).toMatchObject([{ status: 101, resource: 'pods' }])
    await leave(shell, aborting)
    await expect.poll(() => ends).toEqual(['the client has left', 'the client has left', 'the client has left'])
    expect(server.openRequests).toEqual([])
  })

  it('a lost connection is a ConnectionError of the exit', async () => {
    const { client, server } = setUp({ exec: ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(0))) })
    const shell = await exec(client, { ...web, command: ['sh'] })
    server.disconnect()
    expect(await failure(shell.exit)).toSatisfy(isConnectionError)
  })

  it('an attached command ends without a code', async () => {
    const { client } = setUp({ attach: ({ stdout, command }) => stdout.write(`from now on ${command.length}`) })
    await using process = await attach(client, web)
    expect(await text(process.stdout)).toBe('from now on 0')
    expect((await process.exit).code).toBe(0)
  })

  it('files can be read from and written to an object in memory', async () => {
    const files = new Map<string, string>()
    const { client } = setUp({
      exec: async ({ command: [program, , path = ''], stdin, stdout, stderr }) => {
        if (program === 'tee') files.set(path, await text(stdin))
        else if (files.has(path)) await stdout.write(files.get(path) ?? '')
        else {
          await stderr.write(`cat: ${path}: No such file or directory`)
          return 1
        }
        return 0
      },
    })
    await writeFile(client, { ...web, path: '/a' }, 'hello')
    expect(await text(await readFile(client, { ...web, path: '/a' }))).toBe('hello')
    expect(String(await failure(readFile(client, { ...web, path: '/b' })))).toContain('No such file')
  })
})

describe('ports of the fake server', () => {
  it('a connection carries bytes in both directions until the function returns', async () => {
    const { client } = setUp({
      portForward: async ({ port, readable, write }) => {
        const { value } = await readable.getReader().read()
        await write(`${port} got ${new TextDecoder().decode(value)}`)
      },
    })
    await using connection = await connectPort(client, { ...web, port: 8080 })
    await connection.writable.getWriter().write(new TextEncoder().encode('hello'))
    expect(await text(connection.readable)).toBe('8080 got hello')
    await connection.closed
  })

  it('a function that throws refuses the connection', async () => {
    const { client } = setUp({ portForward: () => Promise.reject(new Error('connection refused')) })
    const connection = await connectPort(client, { ...web, port: 80 })
    expect(String(await failure(connection.closed))).toContain('port 80: connection refused')
  })
})

describe('refused streams of the fake server', () => {
  const statusOf = async (attempt: Promise<unknown>) => {
    const error = await failure(attempt)
    return isApiError(error) ? `${error.status} ${error.message}` : String(error)
  }

  it('an unknown pod, an unknown container, and a kind of stream without a function are errors', async () => {
    const { client, server } = setUp({ exec: () => 0 })
    server.create(Pod, { metadata: { ...web, name: 'two' }, spec: { containers: [{ name: 'a' }, { name: 'b' }] } })
    expect(await statusOf(exec(client, { ...web, name: 'none', command: ['ls'] }))).toContain('404')
    expect(await statusOf(exec(client, { ...web, container: 'none', command: ['ls'] }))).toContain(
      'container none is not valid for pod web',
    )
    expect(await statusOf(exec(client, { ...web, name: 'two', command: ['ls'] }))).toContain('choose one of: [a b]')
    expect(await statusOf(attach(client, web))).toContain('pass the option attach to FakeApiServer')
    expect(await statusOf(connectPort(client, { ...web, port: 1 }))).toContain('pass the option portForward to FakeApiServer')
  })

  it.each(['get', 'create'] as const)('a stream needs the right to %s, as in Kubernetes 1.35', async (verb) => {
    const { client, server } = setUp({ exec: () => 0 })
    server.access.deny({ verb, resource: 'pods', subresource: 'exec' })
    const refusal = await statusOf(exec(client, { ...web, command: ['ls'] }))
    expect(refusal).toContain('403')
    expect(refusal).toContain('"get" and "create" on pods/exec')
  })

  it('a request that is no WebSocket gets a 400 that asks for an upgrade', async () => {
    const { server } = setUp({ exec: () => 0 })
    const url = 'http://kubernetes.test/api/v1/namespaces/shop/pods/web/exec?command=ls'
    for (const method of ['GET', 'POST']) {
      const response = await server.fetch(url, { method })
      expect([response.status, (await response.json()).message]).toEqual([400, 'Upgrade request required'])
    }
  })
})

it('a watch over a WebSocket of the fake server has one event in each message', async () => {
  const { server } = setUp()
  const socket = await server.webSocket({
    url: 'http://kubernetes.test/api/v1/pods?watch=true&resourceVersion=0',
    protocols: [],
    headers: new Headers(),
    signal: new AbortController().signal,
  })
  if (!('readable' in socket)) throw new Error('refused')
  const messages = socket.readable.getReader()
  const next = async () => JSON.parse(new TextDecoder().decode((await messages.read()).value))
  expect(await next()).toMatchObject({ type: 'ADDED', object: { metadata: web } })
  server.create(Pod, podFixture(1))
  expect(await next()).toMatchObject({ type: 'ADDED', object: { metadata: { name: podFixture(1).metadata.name } } })
  socket.close()
  expect(await socket.closed).toBe(1000)
})
