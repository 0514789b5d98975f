import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { startCluster } from './cluster.ts'
import { describeCluster } from './suite.ts'
import { Playground, WatchStream } from './wire.ts'

describeCluster('the cluster harness', (cluster) => {
  test('a list through the proxy shows an object that kubectl created', async () => {
    const playground = await Playground.create(cluster(), 'harness')
    await cluster().kubectl(['--namespace=harness', 'create', '-f', '-'], {
      input: JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } }),
    })
    const { body } = await playground.list()
    expect(body.items.map(({ metadata }) => metadata.name)).toEqual(['a'])
  })

  test('a failed kubectl command rejects with its stderr', async () => {
    await expect(cluster().kubectl(['get', 'unicorns'])).rejects.toThrow(`doesn't have a resource type "unicorns"`)
  })

  test('the viewer authenticates and has no permissions', async () => {
    const { proxyUrl, viewerToken } = cluster()
    const whoAmI = await cluster().kubectl(['auth', 'whoami', `--token=${viewerToken}`, '-o', 'jsonpath={.status.userInfo.username}'])
    expect(whoAmI).toBe('viewer')
    await expect(cluster().kubectl(['get', 'pods', `--token=${viewerToken}`])).rejects.toThrow('Forbidden')
    expect((await fetch(`${proxyUrl}/api/v1/pods`)).status).toBe(200)
  })

  test('the controllers of deployments and replica sets work', async () => {
    const playground = await Playground.create(cluster(), 'controllers')
    await cluster().kubectl(['--namespace', playground.namespace, 'create', 'deployment', 'web', '--image=web', '--replicas=2'])
    await using watch = await WatchStream.open(`${cluster().proxyUrl}/api/v1/namespaces/${playground.namespace}/pods?watch=true`)
    const pods = new Set<string>()
    await watch.events(({ type, object }) => type === 'ADDED' && pods.add(object.metadata.name ?? '').size === 2)
    expect([...pods]).toEqual([expect.stringMatching(/^web-/), expect.stringMatching(/^web-/)])
  })

  test('a restart keeps data and addresses, and after a compaction an older watch gets a 410', async () => {
    const playground = await Playground.create(cluster(), 'restart')
    const before = await playground.put('a')
    await playground.put('b')
    await cluster().restartApiServer()
    await cluster().compact()
    expect((await playground.list()).body.items.map(({ metadata }) => metadata.name)).toEqual(['a', 'b'])
    await using watch = await playground.watch({ resourceVersion: before })
    expect(await watch.events()).toMatchObject([{ type: 'ERROR', object: { code: 410, reason: 'Expired' } }])
  })

  test('a closed cluster leaves no process and no file', async () => {
    const another = await startCluster()
    const { pids, kubeconfig } = another
    expect(pids).toHaveLength(4)
    expect(pids.filter(isRunning)).toEqual(pids)
    await another.stop()
    expect(pids.filter(isRunning)).toEqual([])
    expect(existsSync(kubeconfig)).toBe(false)
  })

  test('an API server that does not start is reported with the end of its log', async () => {
    await expect(startCluster({ apiServerFlags: ['--no-such-flag'] })).rejects.toThrow('unknown flag: --no-such-flag')
  })
})

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
