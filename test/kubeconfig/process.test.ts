import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { execReader } from '../../src/kubeconfig/exec'
import { currentHost } from '../../src/kubeconfig/host'
import { TOO_MUCH_OUTPUT } from '../../src/kubeconfig/process'
import { VirtualClock } from '../../src/testing'
import { fakeHost } from './support'

const directory = mkdtempSync(join(tmpdir(), 'kubeflect-process-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const host = { ...currentHost(), stdinIsTerminal: false }
const bounds = { env: process.env, stdin: 'ignore', maxOutputBytes: 1_000, maxErrorBytes: 10 } as const
const run = (script: string, signal = new AbortController().signal) => host.run(process.execPath, ['-e', script], { ...bounds, signal })

const config = { command: 'x', args: [], env: [], apiVersion: 'v', installHint: '', provideClusterInfo: false, interactiveMode: 'Never' }
const plugin = { config, owner: 'user "a" (/a/config)', cluster: { server: 'https://x', config: null } }

describe('a program', () => {
  test('returns the output of a program, also in UTF-16 with a byte order mark', async () => {
    expect(await run('process.stdout.write("é".repeat(400))')).toEqual({ code: 0, stdout: 'é'.repeat(400) })
    expect(await run('process.stdout.write(Buffer.from("\\ufeffé", "utf16le"));process.exitCode = 3')).toEqual({ code: 3, stdout: 'é' })
    expect(await run('process.stdout.write(Buffer.of(0xff, 0x61))')).toEqual({ code: 0, stdout: '' })
  })

  test('kills a program that writes more than the bound', async () => {
    await expect(run('setInterval(() => process.stdout.write("x".repeat(1000)), 1)')).rejects.toMatchObject({ code: TOO_MUCH_OUTPUT })
  })

  test('an abort kills a program that ignores SIGTERM and whose children hold its pipes', async () => {
    const controller = new AbortController()
    const script = `process.on('SIGTERM', () => {}); require('node:child_process').spawn(process.execPath, ['-e', 'setTimeout(() => {}, 3000)'], { stdio: 'inherit' }); setInterval(() => {}, 1000)`
    const ending = run(script, controller.signal)
    controller.abort(new Error('enough'))
    await expect(ending).rejects.toThrow('enough')
    await expect(run('', controller.signal)).rejects.toThrow('enough')
  })

  test('a missing program and an invalid argument are errors with a code', async () => {
    const { signal } = new AbortController()
    await expect(host.run('/no/such/program', [], { ...bounds, signal })).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(host.run(process.execPath, ['a\0b'], { ...bounds, signal })).rejects.toHaveProperty('code')
  })
})

describe('a file', () => {
  test('reads a file up to a bound, even if it is endless', async () => {
    writeFileSync(join(directory, 'file'), Buffer.alloc(200_000, 1))
    expect(await host.readFile(join(directory, 'file'), 1_000_000)).toHaveLength(200_000)
    expect(await host.readFile(join(directory, 'file'), 1_000)).toHaveLength(1_001)
    expect(await host.readFile('/dev/zero', 100_000)).toHaveLength(100_001)
    await expect(host.readFile(join(directory, 'none'), 1)).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(host.readFile(directory, 1)).rejects.toMatchObject({ code: 'EISDIR' })
  })
})

describe('an exec plugin', () => {
  test('kills an exec plugin that hangs after five minutes of the given clock', async () => {
    const clock = new VirtualClock()
    const machine = fakeHost()
    machine.answer = () => new Promise(() => undefined)
    const reading = execReader(plugin, machine, { signal: new AbortController().signal, clock })()
    const outcome = reading.catch((error) => error.message)
    await clock.advance(300_000)
    expect(await outcome).toBe('user "a" (/a/config): the exec plugin "x" was killed because it ran longer than 300 s')
    expect(machine.runs[0]?.signal.aborted).toBe(true)
    expect(clock.pending).toBe(0)
  })

  test('kills an exec plugin that writes more than 1 MiB, and does not quote its output', async () => {
    const machine = fakeHost()
    machine.answer = () => {
      throw Object.assign(new Error('secret'), { code: TOO_MUCH_OUTPUT })
    }
    const { signal } = new AbortController()
    const error = await execReader(plugin, machine, { signal, clock: new VirtualClock() })().catch((error) => error)
    expect(error.message).toContain('was killed because it wrote more than 1048576 bytes to standard output')
    expect(`${error.stack} ${error.cause}`).not.toContain('secret')
    expect(machine.runs[0]).toMatchObject({ maxOutputBytes: 1_048_576, maxErrorBytes: 65_536 })
  })
})
