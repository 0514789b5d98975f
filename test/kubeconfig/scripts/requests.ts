// The program that test/kubeconfig/runtimes.test.ts runs in each runtime: one request per context of a kubeconfig, and one that is aborted
// while it is open. Prints the outcome for each context.

import { KubeClient } from 'kubeflect'
import { loadKubeconfig } from 'kubeflect/kubeconfig'

const [, , path, contexts = ''] = process.argv
const outcomes: Record<string, unknown> = {}
for (const context of contexts.split(',')) {
  try {
    await using connection = await loadKubeconfig({ path, context })
    const client = new KubeClient(connection)
    if (context === 'aborted') {
      const stop = new AbortController()
      const response = await client.request({ path: 'open', signal: stop.signal })
      const reader = response.body?.getReader()
      await reader?.read()
      const rest = reader?.read().then(
        () => 'went on',
        () => 'ended',
      )
      stop.abort()
      outcomes[context] = await rest
      // Another request asks the server whether its side of the connection is closed.
      const gone = await client.request({ path: 'gone' })
      outcomes[context] = `${outcomes[context]}, ${await gone.text()}`
    } else if (context === 'stream') {
      const { signal } = new AbortController()
      const url = `${connection.baseUrl}api`
      const socket = await connection.webSocket({ url, protocols: ['v5'], headers: new Headers(), signal })
      if ('status' in socket) throw new Error(`refused: ${socket.status}`)
      const messages = socket.readable.getReader()
      const next = async () => new TextDecoder().decode((await messages.read()).value)
      const first = await next()
      await socket.writable.getWriter().write(new TextEncoder().encode('again'))
      outcomes[context] = [first, await next()]
      socket.close()
    } else {
      outcomes[context] = (await client.request({ path: 'api', method: 'POST', body: '{"ä":1}' })).status
    }
  } catch (error) {
    outcomes[context] = error instanceof Error ? error.message : error
  }
}
console.log(JSON.stringify(outcomes))
