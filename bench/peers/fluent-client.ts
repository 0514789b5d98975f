// The watch of kubernetes-fluent-client, which keeps a cache to compare a list with.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { K8s, kind } from 'kubernetes-fluent-client'
import { report } from '../subjects/report'
import { listThenWatch, signal } from '../subjects/tools'

await report((task) =>
  listThenWatch(task, async ({ first }) => {
    // The client accepts the server's address only from a kubeconfig.
    const file = join(mkdtempSync(join(tmpdir(), 'kubeflect-bench-')), 'config')
    const cluster = { name: 'load', cluster: { server: task.url, 'insecure-skip-tls-verify': true } }
    const context = { name: 'load', context: { cluster: 'load', user: 'nobody' } }
    const users = [{ name: 'nobody', user: {} }]
    writeFileSync(file, JSON.stringify({ clusters: [cluster], contexts: [context], users, 'current-context': 'load' }))
    process.env.KUBECONFIG = file

    const listed = signal()
    const last = signal()
    const names = new Set<string>()
    let updates = 0
    const watcher = K8s(kind.Pod).Watch((pod, phase) => {
      first()
      names.add(`${pod.metadata?.namespace}/${pod.metadata?.name}`)
      if (names.size === task.objects) listed.resolve()
      if (phase === 'MODIFIED' && ++updates === task.events) last.resolve()
    })
    void watcher.start()
    return { listed: listed.promise, watched: last.promise, kept: () => names.size }
  }),
)
