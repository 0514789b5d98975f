// Tests for exec and attach on sockets in memory, in virtual time.

import { describe, expect, test } from 'vitest'
import { isConnectionError } from '../../src/api/errors'
import { isCommandError, isStreamOverflowError } from '../../src/streams/errors'
import { attach, type ExecOptions, exec } from '../../src/streams/exec'
import { runCommand } from '../../src/streams/run'
import { VirtualClock } from '../../src/testing'
import { memoryServer } from './memory-socket'
import { failure, text } from './outcomes'

const pod = { namespace: 'shop', name: 'web-1' }
describe('exec', () => {
  test('sends the command, the container and the channels in the query, and offers v5 and v4', async () => {
    const server = memoryServer()
    await using _ = await exec(server.client, { ...pod, container: 'app', command: ['sh', '-c', 'a b&c'] })
    const { url, protocols } = server.last.request
    expect(url).toBe(
      'http://kube.test/api/v1/namespaces/shop/pods/web-1/exec?command=sh&command=-c&command=a+b%26c&container=app&stdout=true&stderr=true',
    )
    expect(protocols).toEqual(['v5.channel.k8s.io', 'v4.channel.k8s.io'])
  })

  test('returns both outputs and the exit code of a command that fails', async () => {
    const server = memoryServer()
    await using process = await exec(server.client, { ...pod, command: ['x'] })
    server.last.send(1)
    server.last.send(1, 'out')
    server.last.send(2, 'err')
    server.last.send(1, 'put')
    server.last.exit(7)
    expect(await Promise.all([text(process.stdout), text(process.stderr)])).toEqual(['output', 'err'])
    expect(await process.exit).toMatchObject({ code: 7, status: { reason: 'NonZeroExitCode' } })
  })

  test('accepts a status that arrives in parts', async () => {
    const server = memoryServer()
    await using process = await exec(server.client, { ...pod, command: ['x'] })
    for (const part of ['{"metadata":{},', '"status":"Suc', 'cess"}']) server.last.send(3, part)
    expect((await process.exit).code).toBe(0)
  })

  test('rejects exit with a CommandError when the command cannot be started', async () => {
    const server = memoryServer()
    await using process = await exec(server.client, { ...pod, command: ['x'] })
    server.last.send(3, JSON.stringify({ status: 'Failure', reason: 'InternalError', message: 'exec: "x": not found' }))
    const error = await failure(process.exit)
    expect(isCommandError(error) && error.message).toContain('exec: "x": not found')
  })

  test('cuts the input into messages of 32 KiB, and ends it with a close message', async () => {
    const server = memoryServer()
    await using process = await exec(server.client, { ...pod, command: ['wc'], stdin: true })
    const writer = process.stdin.getWriter()
    await writer.write('a'.repeat(70_000))
    await writer.close()
    expect(server.last.received.map((message) => message.replace(/^\d+:/, '').length)).toEqual([32_768, 32_768, 4_464, 1])
    expect(server.last.received.at(-1)).toBe('255:\0')
  })

  test('on v4 runs commands, and rejects the end of the input with advice', async () => {
    const server = memoryServer({ protocol: 'v4.channel.k8s.io' })
    await using process = await exec(server.client, { ...pod, command: ['cat'], stdin: true })
    const writer = process.stdin.getWriter()
    await writer.write('line\n')
    expect(server.last.received).toEqual(['0:line\n'])
    await expect(writer.close()).rejects.toThrow(/v4\.channel\.k8s\.io cannot end the input/)
    server.last.exit(0)
    expect((await process.exit).code).toBe(0)
  })

  test.each(['channel.k8s.io', ''])('refuses the subprotocol %j', async (protocol) => {
    const server = memoryServer({ protocol })
    const error = await failure(exec(server.client, { ...pod, command: ['x'] }))
    expect(isConnectionError(error) && error.message).toMatch(/the server chose .* instead of v5\.channel\.k8s\.io or v4\.channel\.k8s\.io/)
    expect(server.last.isClosed).toBe(true)
  })

  test('ends the outputs and rejects exit with a ConnectionError when the connection is lost', async () => {
    const server = memoryServer()
    await using process = await exec(server.client, { ...pod, command: ['x'], stdin: true })
    server.last.send(1, 'half')
    server.last.cut()
    expect(await text(process.stdout)).toBe('half')
    const error = await failure(process.exit)
    expect(isConnectionError(error) && error.message).toContain('connection lost; the command may still run')
    await expect(process.stdin.getWriter().write('x')).rejects.toThrow()
    expect(server.connections).toHaveLength(1)
  })

  test.each(['while reading', 'while writing'])('aborted %s, closes the connection and rejects with the reason', async (when) => {
    const server = memoryServer()
    const controller = new AbortController()
    const process = await exec(server.client, { ...pod, command: ['x'], stdin: true, signal: controller.signal })
    const pending = when === 'while reading' ? text(process.stdout) : process.stdin.getWriter().closed
    const settled = failure(pending)
    controller.abort(new Error('enough'))
    expect(server.last.isClosed).toBe(true)
    await expect(process.exit).rejects.toThrow('enough')
    expect(await settled).toEqual(when === 'while reading' ? undefined : new Error('enough'))
  })

  test('aborted before and during the handshake, rejects with the reason, and closes a connection that comes late', async () => {
    const server = memoryServer()
    const reason = new Error('enough')
    await expect(exec(server.client, { ...pod, command: ['x'], signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(server.connections).toEqual([])
    const controller = new AbortController()
    const starting = failure(exec(server.client, { ...pod, command: ['x'], signal: controller.signal }))
    controller.abort(reason)
    expect(await starting).toBe(reason)
    await new Promise((resolve) => setTimeout(resolve))
    expect(server.connections.every(({ isClosed }) => isClosed)).toBe(true)
  })

  test('closed, ends the outputs and rejects exit without an unhandled rejection', async () => {
    const server = memoryServer()
    const process = await exec(server.client, { ...pod, command: ['x'] })
    await process.close()
    await process.close()
    expect(await text(process.stdout)).toBe('')
    await expect(process.exit).rejects.toThrow('the stream was closed')
    expect(server.last.isClosed).toBe(true)
  })

  test.each([
    [{ command: [] }, /exec: command must be a list of strings/],
    [{ command: ['x'], tty: true, stderr: true }, /a terminal has no stderr/],
    [{ command: ['x'], stdout: false, stderr: false }, /needs stdin, stdout or stderr/],
    [{ command: ['x'], maxUnread: 0 }, /maxUnread must be an integer from 1/],
    [{ command: ['x'], keepAliveMs: -1 }, /keepAliveMs must be an integer from 0/],
    [{ command: ['x'], tty: { columns: 0, rows: 1 } }, /columns and rows must be from 1 to 65,535, got 0/],
  ] satisfies [Partial<ExecOptions>, RegExp][])('refuses the options %j', async (options, message) => {
    const server = memoryServer()
    await expect(exec(server.client, { ...pod, ...options } as ExecOptions)).rejects.toThrow(message)
    expect(server.connections).toEqual([])
  })
})

describe('the terminal of exec', () => {
  test('gets its first size at the start, and each further one in order', async () => {
    const server = memoryServer()
    await using process = await exec(server.client, { ...pod, command: ['sh'], tty: { columns: 80, rows: 24 } })
    await process.resize({ columns: 100, rows: 30 })
    expect(server.last.received).toEqual(['4:{"Width":80,"Height":24}', '4:{"Width":100,"Height":30}'])
    expect(new URL(server.last.request.url).searchParams.has('stderr')).toBe(false)
  })

  test('is required for resize', async () => {
    const server = memoryServer()
    await using process = await exec(server.client, { ...pod, command: ['sh'] })
    await expect(process.resize({ columns: 80, rows: 24 })).rejects.toThrow('start the command with `tty`')
  })
})

describe('the pace of exec', () => {
  const MiB = 1024 * 1024

  test('fails with an error about stderr when nothing reads it while stdout is awaited', async () => {
    const clock = new VirtualClock()
    const server = memoryServer()
    await using process = await exec(server.client, { ...pod, command: ['x'], clock })
    for (let i = 0; i < 64; i++) server.last.send(2, new Uint8Array(32 * 1024))
    const output = failure(text(process.stdout))
    await clock.advance(11_000)
    const error = await failure(process.exit)
    expect(isStreamOverflowError(error) && [error.stream, error.limit]).toEqual(['stderr', MiB])
    expect(await output).toBe(error)
    expect(server.last.isClosed).toBe(true)
  })

  test('discards an output that was canceled', async () => {
    const clock = new VirtualClock()
    const server = memoryServer()
    await using process = await exec(server.client, { ...pod, command: ['x'], clock })
    await process.stderr.cancel()
    for (let i = 0; i < 64; i++) server.last.send(2, new Uint8Array(32 * 1024))
    server.last.send(1, 'done')
    server.last.exit(0)
    expect(await text(process.stdout)).toBe('done')
    expect((await process.exit).code).toBe(0)
  })

  test('waits for a reader that is slow, however long', async () => {
    const clock = new VirtualClock()
    const server = memoryServer()
    await using process = await exec(server.client, { ...pod, command: ['x'], clock, stderr: false })
    const reader = process.stdout.getReader()
    for (let i = 0; i < 64; i++) server.last.send(1, new Uint8Array(32 * 1024))
    await clock.advance(600_000)
    let length = 0
    for (let i = 0; i < 64; i++) length += (await reader.read()).value?.length ?? 0
    expect(length).toBe(2 * MiB)
  })

  test('fails at the bound where the connection cannot be paused', async () => {
    const server = memoryServer({ hasBackpressure: false })
    await using process = await exec(server.client, { ...pod, command: ['x'], maxUnread: 100 })
    const reader = process.stdout.getReader()
    for (let i = 0; i < 4; i++) server.last.send(1, new Uint8Array(32))
    const error = await failure(process.exit)
    expect(isStreamOverflowError(error) && error.message).toBe(
      'stdout has more than 100 unread bytes: read it, or cancel it to discard them',
    )
    await expect(reader.read()).rejects.toBe(error)
  })
})

describe('the keep-alive of exec', () => {
  test('sends an empty message after every 30 s of silence', async () => {
    const clock = new VirtualClock()
    const server = memoryServer()
    await using _ = await exec(server.client, { ...pod, command: ['x'], clock })
    await clock.advance(600_000)
    expect(server.last.received).toEqual(Array.from({ length: 20 }, () => 'keep-alive'))
  })

  test('sends none while data is sent, and none when it is off or the command ended', async () => {
    const clock = new VirtualClock()
    const server = memoryServer()
    await using process = await exec(server.client, { ...pod, command: ['x'], stdin: true, clock })
    const writer = process.stdin.getWriter()
    for (let i = 0; i < 10; i++) {
      await writer.write('x')
      await clock.advance(29_000)
    }
    expect(server.last.received).not.toContain('keep-alive')
    server.last.exit(0)
    await process.exit
    expect(clock.pending).toBe(0)
    await using silent = await exec(server.client, { ...pod, command: ['x'], keepAliveMs: 0, clock })
    await clock.advance(600_000)
    expect(server.last.received).toEqual([])
    await silent.close()
  })
})

test('attach asks for the attach subresource, and resolves exit when the command ends', async () => {
  const server = memoryServer()
  await using process = await attach(server.client, pod)
  expect(server.last.request.url).toBe('http://kube.test/api/v1/namespaces/shop/pods/web-1/attach?stdout=true&stderr=true')
  server.last.send(1, 'tick')
  server.last.exit(0)
  expect([await text(process.stdout), (await process.exit).code]).toEqual(['tick', 0])
})

describe('runCommand', () => {
  test('sends the input, and returns the code and both outputs', async () => {
    const server = memoryServer()
    const running = runCommand(server.client, { ...pod, command: ['x'], input: 'in' })
    await expect.poll(() => server.connections[0]?.received).toEqual(['0:in', '255:\0'])
    server.last.send(1, 'größe')
    server.last.send(2, 'err')
    server.last.exit(3)
    expect(await running).toEqual({ code: 3, stdout: 'größe', stderr: 'err' })
  })

  test('fails when an output is longer than maxOutput', async () => {
    const server = memoryServer()
    const running = failure(runCommand(server.client, { ...pod, command: ['x'], maxOutput: 4 }))
    await expect.poll(() => server.connections.length).toBe(1)
    server.last.send(1, '12345')
    const error = await running
    expect(isStreamOverflowError(error) && [error.stream, error.limit]).toEqual(['stdout', 4])
    expect(server.last.isClosed).toBe(true)
  })

  test('fails with the advice about v4 rather than waiting for a command whose input cannot end', async () => {
    const server = memoryServer({ protocol: 'v4.channel.k8s.io' })
    await expect(runCommand(server.client, { ...pod, command: ['wc'], input: 'in' })).rejects.toThrow(/cannot end the input/)
  })
})
