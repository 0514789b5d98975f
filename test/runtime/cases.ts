import { createInformer, eachAllowed, isApiError, isConnectionError, KubeClient, type SharedInformer } from 'kubeflect'
import { idbPersister } from 'kubeflect/idb'
import { Pod } from 'kubeflect/resources/core/v1'
import { apply, contract, Holder, replace, scopeOf, stored } from '../persistence/contract.ts'
import { createServer, equal, type RemoteServer, type RuntimeCase, withStorage } from './stage.ts'

// What the package must do wherever it runs.

/** Every case for a runtime with these storages. */
export function casesOf(storages: readonly string[]): readonly RuntimeCase[] {
  return [...behaviours, ...storages.flatMap(casesOfStorage)]
}

// Memory has no transactions, and a process that ends takes it along.
const casesOfStorage = (name: string): readonly RuntimeCase[] => [resumes(name), isWhole(name), ...contractOf(name)]

const backoff = { initialMs: 5, maxMs: 20 }

const follow = (client: KubeClient): SharedInformer<Pod> =>
  // The process is to end without a word.
  createInformer(client, Pod, { namespace: 'shop', backoff, onError: () => undefined })
const keysOf = (informer: SharedInformer<Pod>): string[] => informer.store.list().map(({ key }) => key)

const behaviours: readonly RuntimeCase[] = [
  onServer(
    'an idbPersister where there is no IndexedDB costs an error, not the process; the Worker module can be imported anywhere',
    async ({ controls, connect }) => {
      await import('kubeflect/worker')
      if ('indexedDB' in globalThis) return
      await controls.create('a')
      // By default errors are reported, on servers to the console: what is left out here is only the noise.
      const { error } = console
      let reports = 0
      console.error = () => void reports++
      try {
        await using pods = createInformer(connect(), Pod, {
          namespace: 'shop',
          backoff,
          persist: { to: idbPersister({ database: 'none' }) },
        })
        await pods.whenSynced()
        while (pods.persistence?.status === 'loading') await new Promise((resolve) => setTimeout(resolve, 1))
        equal([keysOf(pods), pods.persistence?.status], [['shop/a'], 'failed'])
      } finally {
        console.error = error
      }
      if (reports > 1) throw new Error(`expected one report, got ${reports}`)
    },
  ),
  onServer('lists what the server has', async ({ controls, connect }) => {
    for (const name of ['a', 'b']) await controls.create(name)
    const { items } = await connect().list(Pod, { namespace: 'shop' })
    equal(
      items.map(({ metadata }) => metadata.name),
      ['a', 'b'],
    )
  }),
  onServer('an answer of the server that is an error says what the server said', async ({ connect }) => {
    const error = await connect()
      .get(Pod, 'nobody', { namespace: 'shop' })
      .catch((thrown: unknown) => thrown)
    equal(isApiError(error) && [error.status, error.reason], [404, 'NotFound'])
  }),
  onServer('refuses a redirect, also to the same origin, and says where it leads unless the runtime hides that', async (server) => {
    const { controls, connect } = server
    const isHidden = 'document' in globalThis
    for (const [location, shown] of [
      ['https://login.example/authorize?code=hidden', 'https://login.example/authorize'],
      [`${connect().baseUrl}/elsewhere`, `${connect().baseUrl}/elsewhere`],
    ] as const) {
      await controls.redirect(location)
      const error = await connect({ token: 'some-token', impersonate: { user: 'ann' } })
        .list(Pod)
        .catch((thrown: unknown) => thrown)
      if (!isApiError(error)) throw new Error(`no ApiError: ${error}`)
      equal(error.status, isHidden ? 0 : 302)
      equal(error.message.includes(isHidden ? 'redirected, and redirects are refused' : `redirected to ${shown}, and`), true)
    }
    equal(await controls.requests(), [])
  }),
  {
    title: 'says why there is no answer, as far as the runtime does',
    async run() {
      const client = new KubeClient({ baseUrl: 'http://127.0.0.1:47113' })
      const error = await client.list(Pod).catch((thrown: unknown) => thrown)
      if (!isConnectionError(error)) throw new Error(`no ConnectionError: ${error}`)
      if (!/ECONNREFUSED|refused|the browser hides why|Network connection lost/.test(error.message)) throw error
    },
  },
  onServer('creates, patches and deletes', async ({ controls, connect }) => {
    const client = connect()
    const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace: 'shop' }, spec: { containers: [{ name: 'main' }] } }
    await client.create(Pod, pod)
    const patched = await client.patch(Pod, 'a', { merge: { metadata: { labels: { app: 'größer' } } } }, { namespace: 'shop' })
    equal(patched.metadata.labels, { app: 'größer' })
    await client.delete(Pod, 'a', { namespace: 'shop' })
    equal(await controls.requests(), ['create', 'patch', 'delete'])
  }),
  onServer('reads the log of a container', async ({ controls, connect }) => {
    await controls.create('a')
    await controls.log('a', 'one → line')
    const lines: string[] = []
    for await (const line of connect().logs({ name: 'a', namespace: 'shop' })) lines.push(line)
    equal(lines, ['one → line'])
  }),
  onServer('follows what changes, from a stream that begins with the state', async ({ controls, connect }) => {
    await controls.create('a')
    await using pods = follow(connect())
    equal(await pods.whenSynced(), { source: 'stream' })
    await pods.waitForResourceVersion(await controls.create('b'))
    equal(keysOf(pods), ['shop/a', 'shop/b'])
    await controls.delete('a')
    await pods.waitForResourceVersion(await controls.create('c'))
    equal(keysOf(pods), ['shop/b', 'shop/c'])
    equal(await controls.requests(), ['stream'])
  }),
  onServer('follows all namespaces, ready to make do with single ones', async ({ controls, connect }) => {
    await controls.create('a')
    await using pods = createInformer(connect(), Pod, { namespaces: eachAllowed(['shop']), backoff })
    equal(await pods.whenSynced(), { source: 'stream' })
    equal(keysOf(pods), ['shop/a'])
  }),
  onServer('goes on after a connection that was cut, without another list', async ({ controls, connect }) => {
    await controls.create('a')
    await using pods = follow(connect())
    await pods.whenSynced()
    await controls.disconnect()
    await pods.waitForResourceVersion(await controls.create('b'))
    equal(keysOf(pods), ['shop/a', 'shop/b'])
    equal(await controls.requests(), ['stream', 'watch'])
  }),
  onServer('begins anew when the server has forgotten where it was', async ({ controls, connect }) => {
    for (const name of ['a', 'b']) await controls.create(name)
    await using pods = follow(connect())
    await pods.whenSynced()
    await controls.refuse('all')
    await controls.disconnect()
    await controls.delete('a')
    const version = await controls.create('c')
    await controls.compact()
    await controls.refuse('none')
    await pods.waitForResourceVersion(version)
    equal(keysOf(pods), ['shop/b', 'shop/c'])
    equal((await controls.requests()).filter((kind) => kind !== 'watch').length, 2)
  }),
  onServer('ends at once when it is aborted, and rejects nothing', async ({ controls, connect }) => {
    await controls.create('a')
    const stop = new AbortController()
    const client = connect()
    const watched = (async () => {
      const types: string[] = []
      for await (const { type } of client.watch(Pod, { namespace: 'shop', resourceVersion: '0', signal: stop.signal })) {
        types.push(type)
        stop.abort()
      }
      return types
    })()
    equal(await watched, ['ADDED'])
  }),
  onServer('asks for a fresh token when the server wants another one, and goes on', async ({ controls, connect }) => {
    await controls.requireToken('first')
    let asked = 0
    const client = connect({ token: () => ['first', 'second'][asked++] ?? 'none' })
    await client.list(Pod)
    await controls.requireToken('second')
    await client.list(Pod)
    equal(asked, 2)
  }),
]

/** A case with a server of its own, at which nothing must be open when it has ended. */
function onServer(title: string, run: (server: RemoteServer) => Promise<void>): RuntimeCase {
  return {
    title,
    async run(stage) {
      const server = await createServer(stage)
      await run(server)
      await server.controls.settled()
    },
  }
}

function resumes(name: string): RuntimeCase {
  return {
    title: `${name}: a second life begins with what the first one stored, and goes on from there without a list`,
    run: (stage) =>
      withStorage(stage, name, async (storage) => {
        const { controls, connect } = await createServer(stage)
        const live = () =>
          createInformer(connect(), Pod, { namespace: 'shop', backoff, persist: { to: storage.open(), user: 'ann', cluster: 'c1' } })
        await controls.create('a')
        {
          await using first = live()
          await first.whenSynced()
          await first.waitForResourceVersion(await controls.create('b'))
        }
        await controls.delete('a')
        {
          await using second = live()
          equal(await second.whenSynced(), { source: 'persisted' })
          await second.waitForResourceVersion(await controls.create('c'))
          equal(keysOf(second), ['shop/b', 'shop/c'])
        }
        equal(await controls.requests(), ['stream', 'watch'])
        await controls.settled()
      }),
  }
}

function isWhole(name: string): RuntimeCase {
  return {
    title: `${name}: a step that fails half way leaves nothing of itself, and its writer can go on`,
    run: (stage) =>
      withStorage(stage, name, async ({ open }) => {
        const writer = new Holder(open())
        await writer.commit(scopeOf(), replace('1', { a: 'a1', b: 'b1' }))
        for (const change of [replace('2', { a: 'a2', b: 'b2' }), apply('2', { a: 'a2', b: 'b2' }, ['b'])]) {
          const puts = change.puts.map(({ key, text }) => ({
            key,
            get text(): string {
              if (key === 'b') throw new Error('cannot be read')
              return text
            },
          }))
          equal(
            await writer.commit(scopeOf(), { ...change, puts }).then(
              () => 'stored',
              () => 'failed',
            ),
            'failed',
          )
        }
        await writer.commit(scopeOf(), apply('3', { c: 'c3' }))
        equal(await stored(open()), '3: a1, b1, c3')
      }),
  }
}

function contractOf(name: string): readonly RuntimeCase[] {
  return contract.map(({ title, run }) => ({
    title: `${name}: ${title}`,
    run: (stage) => withStorage(stage, name, ({ open }) => run({ open: () => new Holder(open()) })),
  }))
}
