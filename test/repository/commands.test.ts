import { spawnSync } from 'node:child_process'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from './source-files.ts'

function run(script: string, ...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [join(root, 'scripts', script), ...args], { encoding: 'utf8' })
}

describe('npm start', () => {
  test('npm start prints its usage for --help', () => {
    const { status, stdout } = run('start.mjs', '--help')
    expect(status).toBe(0)
    expect(stdout).toMatch(/--port N.*--server URL/s)
  })

  test.each([
    ['an unknown flag', ['--prot', '1'], /Unknown option '--prot'.*npm start -- \[--port N\]/s],
    ['a port that is no number', ['--port', 'http'], /--port must be a number from 0 to 65535, got "http"/],
    ['a port out of range', ['--port', '65536'], /--port must be a number from 0 to 65535/],
    ['a server that is no URL', ['--server', 'localhost:8001'], /--server must be an http or https URL such as .* got "localhost:8001"/],
  ])('npm start refuses %s and names the valid form', (_, args, message) => {
    const { status, stderr } = run('start.mjs', ...args)
    expect(status).toBe(1)
    expect(stderr).toMatch(message)
    expect(stderr).not.toContain('    at ')
  })
})

describe('npm start with an occupied port or without a server', () => {
  /** Listens on a port while `use` runs. */
  async function onBusyPort<T>(use: (port: number) => T): Promise<T> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const result = use((server.address() as AddressInfo).port)
    await new Promise((resolve) => server.close(resolve))
    return result
  }

  test('npm start suggests --port, without a stack, when the port is in use', async () => {
    const { status, stderr } = await onBusyPort((port) => run('start.mjs', '--port', String(port)))
    expect(status).toBe(1)
    expect(stderr).toMatch(/another program listens on port \d+: choose another one, npm start -- --port 5173/)
    expect(stderr).not.toContain('    at ')
  })

  test('npm start suggests kubectl proxy, without a stack, when no server answers at --server', async () => {
    const free = await onBusyPort((port) => port)
    const { status, stderr } = run('start.mjs', '--port', '0', '--server', `http://127.0.0.1:${free}`)
    expect(status).toBe(1)
    expect(stderr).toMatch(/does not answer as an API server \(ECONNREFUSED\): start kubectl proxy/)
    expect(stderr).not.toContain('    at ')
  })
})

describe('npm test', () => {
  test('npm test prints its usage for --help', () => {
    const { status, stdout } = run('test.mjs', '--help')
    expect(status).toBe(0)
    expect(stdout).toContain('npm test -- [path …]')
  })

  test('npm test refuses an unknown flag and names the valid ones', () => {
    const { status, stderr } = run('test.mjs', '--bogus')
    expect(status).toBe(1)
    expect(stderr).toMatch(/Unknown option '--bogus'.*npm test -- \[path …\]/s)
  })

  test('npm test fails when no test matches', () => {
    const { status, stdout } = run('test.mjs', 'no/such/path')
    expect(status).toBe(1)
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('0 passed, 0 failed')
  })
})
