import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { KubeObject } from '../../src/api/object'
import { FakeApiServer, podFixture } from '../../src/testing'
import { buildCluster, whyNoCluster } from '../cluster/build.ts'
import { type HttpServer, serve } from '../support/http'
import { Pod, Widget } from './resources'

const reason = whyNoCluster()
/** Runs the kubectl of the control plane that the cluster tests build. */
let kubectl: string[] = []

describe.skipIf(reason)(
  `the real kubectl works with the fake API server${reason ? ` (skipped: ${reason})` : ''}`,
  { timeout: 60_000 },
  () => {
    let directory = ''
    let manifest = ''
    let kubeconfig = ''
    const server = new FakeApiServer({ resources: [Widget] })
    let http: HttpServer

    beforeAll(async () => {
      const binary = await buildCluster()
      kubectl = [binary, 'kubectl']
      directory = mkdtempSync(join(tmpdir(), 'kubeflect-kubectl-'))
      manifest = join(directory, 'pod.json')
      kubeconfig = join(directory, 'kubeconfig')
      http = await serve(server.fetch)
      // An empty kubeconfig instead of the user's own.
      writeFileSync(kubeconfig, '')
      for (let index = 0; index < 5; index++) server.create(Pod, podFixture(index, { namespace: 'shop' }))
      server.create(Widget, { metadata: { name: 'w' }, spec: { size: 3 } })
      writeFileSync(
        manifest,
        JSON.stringify({
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'mine', labels: { app: 'mine' } },
          spec: { containers: [{ name: 'a', image: 'b' }] },
        }),
      )
    })
    afterAll(async () => {
      await http.close()
      rmSync(directory, { recursive: true })
    })

    const start = (args: readonly string[]) => {
      const [command = '', ...first] = kubectl
      return spawn(
        command,
        [...first, '--server', http.url, '--cache-dir', join(directory, 'cache'), '--kubeconfig', kubeconfig, ...args],
        { stdio: ['ignore', 'pipe', 'pipe'] },
      )
    }
    const run = (...args: string[]) =>
      new Promise<string>((resolve, reject) => {
        const child = start(args)
        let output = ''
        for (const stream of [child.stdout, child.stderr]) {
          stream.on('data', (chunk) => {
            output += chunk
          })
        }
        child.on('error', reject)
        child.on('close', (code) => (code === 0 ? resolve(output.trim()) : reject(new Error(output.trim()))))
      })

    it('kubectl finds the resources of the fake server, including custom ones', async () => {
      expect(await run('api-resources', '-o', 'name')).toContain('widgets.example.com')
      expect(await run('get', 'widgets', '-o', 'jsonpath={.items[*].spec.size}')).toBe('3')
      expect(await run('version')).toContain('Server Version: v1.36')
    })

    it('kubectl reads by namespace, selector and short name, in pages and as YAML', async () => {
      expect((await run('get', 'po', '-A', '--no-headers')).split('\n')).toHaveLength(5)
      expect((await run('get', 'pods', '-n', 'shop', '--no-headers', '--chunk-size', '2')).split('\n')).toHaveLength(5)
      expect(await run('get', 'pods', '-n', 'shop', '-l', 'app in (web)', '-o', 'name')).toMatch(/^pod\/web-\S+$/)
      expect(await run('get', 'ns', 'default', '-o', 'yaml')).toContain('phase: Active')
    })

    it('kubectl creates, labels, patches, applies and deletes', async () => {
      expect(await run('create', '-f', manifest)).toBe('pod/mine created')
      await expect(run('create', '-f', manifest)).rejects.toThrow('pods "mine" already exists')
      expect(await run('label', 'pod', 'mine', 'z=1')).toBe('pod/mine labeled')
      expect(await run('patch', 'pod', 'mine', '-p', '{"spec":{"containers":[{"name":"a","image":"c"}]}}')).toBe('pod/mine patched')
      expect(await run('get', 'pod', 'mine', '-o', 'jsonpath={.metadata.labels.z} {.spec.containers[0].image}')).toBe('1 c')
      expect(await run('apply', '--server-side', '--force-conflicts', '-f', manifest)).toBe('pod/mine serverside-applied')
      expect(await run('get', 'pod', 'mine', '-o', 'jsonpath={.spec.containers[0].image}')).toBe('b')
      expect(await run('delete', 'pod', 'mine')).toContain('pod "mine" deleted')
      await expect(run('get', 'pod', 'mine')).rejects.toThrow('Error from server (NotFound): pods "mine" not found')
    })

    it('kubectl auth agrees with the configured denials', async () => {
      expect(await run('auth', 'can-i', 'delete', 'pods')).toBe('yes')
      const allow = server.access.deny({ verb: 'delete', resource: 'pods' })
      await expect(run('auth', 'can-i', 'delete', 'pods')).rejects.toThrow('no')
      await expect(run('delete', 'pod', 'none')).rejects.toThrow(
        'pods "none" is forbidden: User "kubernetes-admin" cannot delete resource "pods"',
      )
      allow()
      expect(await run('auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}')).toBe('kubernetes-admin')
      expect(await run('auth', 'can-i', '--list')).toContain('*.*')
    })

    it('kubectl explains a custom resource from its definition', async () => {
      const schema = { type: 'object', properties: { spec: { type: 'object', description: 'What the gadget is to be' } } }
      server.load([
        {
          kind: 'CustomResourceDefinition',
          apiVersion: 'apiextensions.k8s.io/v1',
          metadata: { name: 'gadgets.example.com' },
          spec: {
            group: 'example.com',
            scope: 'Namespaced',
            names: { plural: 'gadgets', kind: 'Gadget' },
            versions: [{ name: 'v1', served: true, schema: { openAPIV3Schema: schema } }],
          },
        } as KubeObject,
      ])
      expect(await run('explain', 'gadgets.spec')).toContain('What the gadget is to be')
    })

    it('kubectl watches the fake server', async () => {
      const child = start(['get', 'pods', '-n', 'watched', '-w', '-o', 'name'])
      const seen = new Promise<void>((resolve, reject) => {
        let output = ''
        child.stdout.on('data', (chunk) => {
          output += chunk
          if (output.includes('pod/new')) resolve()
        })
        child.on('error', reject)
        child.on('close', () => reject(new Error(`kubectl ended after ${JSON.stringify(output)}`)))
      })
      server.create(Pod, { ...podFixture(1), metadata: { name: 'new', namespace: 'watched' } })
      await seen
      const closed = new Promise((resolve) => child.on('close', resolve))
      child.kill()
      await closed
    })
  },
)
