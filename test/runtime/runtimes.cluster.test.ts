import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { describeCluster } from '../cluster/suite.ts'
import { createAuthority } from '../kubeconfig/certificates'
import { describeRuntimeOnCluster } from './describe-runtime.ts'
import { bun, deno, newerNode, olderNode } from './programs.ts'

const folder = mkdtempSync(join(tmpdir(), 'kubeflect-runtimes-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const authority = createAuthority()
const clientAuthority = join(folder, 'client-ca.pem')
writeFileSync(clientAuthority, authority.cert)

const base64 = (text: string) => Buffer.from(text).toString('base64')
const { cert, key } = authority.client('ann', 'system:masters')

describeCluster(
  'a real API server, over TLS, in',
  (cluster) => {
    const kubeconfigs: Record<string, string> = {}
    beforeAll(() => {
      const { serverUrl: server, certificateAuthority, adminToken: token } = cluster()
      const users = {
        'a token': { token },
        'a client certificate': { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) },
      }
      for (const [name, user] of Object.entries(users)) {
        const path = join(folder, `${name}.json`)
        const clusters = [{ name: 'it', cluster: { server, 'certificate-authority-data': base64(certificateAuthority) } }]
        const contexts = [{ name: 'it', context: { cluster: 'it', user: 'it' } }]
        const config = { apiVersion: 'v1', kind: 'Config', 'current-context': 'it', clusters, contexts, users: [{ name: 'it', user }] }
        writeFileSync(path, JSON.stringify(config))
        kubeconfigs[name] = path
      }
    })
    for (const runtime of [newerNode, olderNode(), bun, deno])
      describeRuntimeOnCluster(runtime, ['a token', 'a client certificate'], () => kubeconfigs)
  },
  { apiServerFlags: [`--client-ca-file=${clientAuthority}`] },
)
