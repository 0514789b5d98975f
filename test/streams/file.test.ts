// Tests for reading and writing files of containers on sockets in memory.

import { expect, test } from 'vitest'
import { isExitError } from '../../src/streams/exit-error'
import { readFile, writeFile } from '../../src/streams/file'
import { memoryServer } from './memory-socket'
import { failure, text } from './outcomes'

const file = { namespace: 'shop', name: 'web-1', path: '/etc/hosts' }
const commandOf = (url: string) => new URL(url).searchParams.getAll('command')

test('[streams/21] readFile yields what cat writes, without a shell', async () => {
  const server = memoryServer()
  const reading = readFile(server.client, file)
  await expect.poll(() => server.connections.length).toBe(1)
  expect(commandOf(server.last.request.url)).toEqual(['cat', '--', '/etc/hosts'])
  server.last.send(1, 'one ')
  const content = await reading
  server.last.send(1, 'two')
  server.last.exit(0)
  expect(await text(content)).toBe('one two')
})

test('[streams/21] readFile of a file that does not exist rejects with the message of cat', async () => {
  const server = memoryServer()
  const reading = failure(readFile(server.client, file))
  await expect.poll(() => server.connections.length).toBe(1)
  server.last.send(2, 'cat: /etc/hosts: No such file or directory\n')
  server.last.exit(1)
  const error = await reading
  expect(isExitError(error) && [error.code, error.message]).toEqual([1, 'cat exited with 1: cat: /etc/hosts: No such file or directory'])
})

test('readFile of an empty file ends at once', async () => {
  const server = memoryServer()
  const reading = readFile(server.client, file)
  await expect.poll(() => server.connections.length).toBe(1)
  server.last.exit(0)
  expect(await text(await reading)).toBe('')
})

test('a read that fails in the middle breaks the stream, so that a part does not pass for the whole', async () => {
  const server = memoryServer()
  const reading = readFile(server.client, file)
  await expect.poll(() => server.connections.length).toBe(1)
  server.last.send(1, 'half')
  const content = await reading
  server.last.send(2, 'cat: read error')
  server.last.exit(1)
  expect(isExitError(await failure(text(content)))).toBe(true)
})

test('canceling the content of a file closes the connection', async () => {
  const server = memoryServer()
  const reading = readFile(server.client, file)
  await expect.poll(() => server.connections.length).toBe(1)
  server.last.send(1, 'half')
  await (await reading).cancel()
  expect(server.last.isClosed).toBe(true)
})

test.each(['text', new TextEncoder().encode('text'), new Blob(['text']), new Blob(['text']).stream() as ReadableStream<Uint8Array>])(
  '[streams/21] writeFile sends %s to tee, without asking for its output',
  async (data) => {
    const server = memoryServer()
    const writing = writeFile(server.client, file, data)
    await expect.poll(() => server.connections[0]?.received).toEqual(['0:text', '255:\0'])
    const { url } = server.last.request
    expect(commandOf(url)).toEqual(['tee', '--', '/etc/hosts'])
    expect(new URL(url).searchParams.has('stdout')).toBe(false)
    server.last.exit(0)
    await writing
  },
)

test('[streams/21] writeFile of a file that cannot be written rejects with the message of tee', async () => {
  const server = memoryServer()
  const writing = failure(writeFile(server.client, file, 'text'))
  await expect.poll(() => server.connections[0]?.received.length).toBe(2)
  server.last.send(2, 'tee: /etc/hosts: Permission denied\n')
  server.last.exit(1)
  const error = await writing
  expect(isExitError(error) && error.message).toBe('tee exited with 1: tee: /etc/hosts: Permission denied')
})

test('writeFile rejects with the error of data that fails, rather than waiting for tee', async () => {
  const server = memoryServer()
  const data = new ReadableStream<Uint8Array>({ start: (controller) => controller.error(new Error('no more')) })
  await expect(writeFile(server.client, file, data)).rejects.toThrow('no more')
  expect(server.last.isClosed).toBe(true)
})
