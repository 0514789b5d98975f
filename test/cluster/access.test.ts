import { expect, test } from 'vitest'
import { Access, type AccessQuery } from '../../src/access/access'
import { defineResource, type Resource, resourceName } from '../../src/api/resource'
import { KubeClient } from '../../src/http/client'
import { Deployment } from '../../src/resources/apps/v1'
import { ConfigMap, Namespace, Node, Pod, Secret } from '../../src/resources/core/v1'
import { describeCluster } from './suite.ts'

const Widget = defineResource({ group: 'example.com', version: 'v1', plural: 'widgets', kind: 'Widget' })

const role = (kind: 'Role' | 'ClusterRole', name: string, rules: object[]) => [
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind, metadata: { name, ...(kind === 'Role' && { namespace: 'shop' }) }, rules },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: `${kind}Binding`,
    metadata: { name, ...(kind === 'Role' && { namespace: 'shop' }) },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name },
    subjects: [{ kind: 'User', name: 'viewer', apiGroup: 'rbac.authorization.k8s.io' }],
  },
]

const objects = [
  ...role('Role', 'in-shop', [
    { apiGroups: [''], resources: ['pods', 'pods/log'], verbs: ['get', 'list'] },
    { apiGroups: [''], resources: ['configmaps'], resourceNames: ['mine'], verbs: ['*'] },
    { apiGroups: ['*'], resources: ['*/scale'], verbs: ['update'] },
    { apiGroups: ['example.com'], resources: ['*'], verbs: ['*'] },
    { apiGroups: [''], resources: ['namespaces'], verbs: ['get'] },
  ]),
  ...role('ClusterRole', 'everywhere', [{ apiGroups: [''], resources: ['nodes'], verbs: ['list'] }]),
]

describeCluster('access to a real API server', (cluster) => {
  test('Access agrees with kubectl auth can-i', async () => {
    await cluster().kubectl(['create', 'namespace', 'shop'])
    await cluster().kubectl(['create', '-f', '-'], { input: JSON.stringify({ kind: 'List', apiVersion: 'v1', items: objects }) })
    let requests = 0
    const access = new Access(
      new KubeClient({
        baseUrl: cluster().proxyUrl,
        impersonate: { user: 'viewer' },
        fetch: (request) => {
          requests++
          return fetch(request)
        },
      }),
    )
    const shop = { namespace: 'shop' }
    const questions: [verb: string, resource: Resource, query: AccessQuery, expected: boolean][] = [
      ['get', Pod, shop, true],
      ['get', Pod, { ...shop, subresource: 'log' }, true],
      ['get', Pod, { ...shop, subresource: 'exec' }, false],
      ['delete', Pod, shop, false],
      ['get', Pod, { namespace: 'default' }, false],
      ['list', Pod, {}, false],
      ['delete', ConfigMap, { ...shop, name: 'mine' }, true],
      ['delete', ConfigMap, { ...shop, name: 'yours' }, false],
      ['get', ConfigMap, shop, false],
      ['update', Deployment, { ...shop, subresource: 'scale' }, true],
      ['update', Deployment, shop, false],
      ['deletecollection', Widget, shop, true],
      ['patch', Widget, { ...shop, subresource: 'status' }, true],
      ['get', Secret, shop, false],
      ['list', Node, {}, true],
      ['get', Node, {}, false],
      ['get', Namespace, { name: 'shop' }, true],
      ['get', Namespace, { name: 'default' }, false],
    ]
    for (const [verb, resource, { namespace, name, subresource }, expected] of questions) {
      const asked = `${verb} ${resourceName(resource)} ${JSON.stringify({ namespace, name, subresource })}`
      expect(await access.can(verb, resource, { namespace, name, subresource }), asked).toBe(expected)
      // kubectl does not set the namespace of a namespace, and it does not know an undefined resource.
      if (resource === Namespace || resource === Widget) continue
      const args = [verb, `${resourceName(resource)}${name ? `/${name}` : ''}`, '--as=viewer']
      const place = namespace ? ['-n', namespace] : resource.scope === 'Cluster' ? [] : ['-A']
      const answer = await cluster()
        .kubectl(['auth', 'can-i', ...args, ...place, ...(subresource ? [`--subresource=${subresource}`] : [])])
        .catch(() => 'no')
      expect(answer.trim(), asked).toBe(expected ? 'yes' : 'no')
    }
    // One request for each of two namespaces, and one for each question about the cluster.
    expect(requests).toBe(2 + 5)
  })

  test('Access allows an admin everything', async () => {
    const access = new Access(new KubeClient({ baseUrl: cluster().proxyUrl }))
    expect(await access.can('delete', Secret, { namespace: 'kube-system' })).toBe(true)
    expect(await access.can('escalate', Node)).toBe(true)
  })
})
