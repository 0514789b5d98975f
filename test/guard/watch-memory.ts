// Measures what a watch keeps that began with the whole state. heap.test.ts runs this in a separate process with --expose-gc.
import { Pod } from 'kubeflect/resources/core/v1'
import { FakeApiServer, podFixture } from 'kubeflect/testing'
import { live } from './many-pods.ts'

const PODS = 3000
const WATCHES = 50
const QUERY = 'watch=true&resourceVersion=0&allowWatchBookmarks=true&timeoutSeconds=3600'

const server = new FakeApiServer()
for (let index = 0; index < PODS; index++) server.create(Pod, podFixture(index))

/** Opens a watch, and reads its first state. Returns the reader, which keeps the watch open. */
async function open(): Promise<unknown> {
  const { body } = await server.fetch(`http://server.test/api/v1/pods?${QUERY}`)
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader()
  for (let text = ''; !text.includes('k8s.io/initial-events-end'); ) {
    const { value = '' } = (await reader?.read()) ?? {}
    text = text.slice(-1000) + value
  }
  return reader
}

// The first watches allocate the memory of the server itself.
const watches = [await open(), await open()]
const before = live()
for (let opened = 0; opened < WATCHES; opened++) watches.push(await open())
console.log(JSON.stringify({ kbPerWatch: (live() - before) / WATCHES / 1000, watches: watches.length }))
process.exit(0)
