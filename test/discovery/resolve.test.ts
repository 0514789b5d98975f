import { describe, expect, test } from 'vitest'
import { apiVersionOf } from '../../src/api/resource'
import { Discovery } from '../../src/discovery/discovery'
import { nearMatches, type ResourceQuery } from '../../src/discovery/resolve'

const resource = (plural: string, kind: string, ...shortNames: string[]) => ({
  plural,
  kind,
  scope: 'Namespaced' as const,
  singular: kind.toLowerCase(),
  shortNames,
  categories: [],
  verbs: ['list'],
  subresources: [],
})

/** As on a real cluster: names that occur in several groups, and versions that are not preferred. */
const discovery = new Discovery([
  {
    path: 'api',
    etag: '',
    groups: [{ name: '', versions: [{ version: 'v1', resources: [resource('pods', 'Pod', 'po'), resource('events', 'Event', 'ev')] }] }],
  },
  {
    path: 'apis',
    etag: '',
    groups: [
      { name: 'apps', versions: [{ version: 'v1', resources: [resource('deployments', 'Deployment', 'deploy')] }] },
      { name: 'events.k8s.io', versions: [{ version: 'v1', resources: [resource('events', 'Event', 'ev')] }] },
      {
        name: 'autoscaling',
        versions: [
          { version: 'v2', resources: [resource('horizontalpodautoscalers', 'HorizontalPodAutoscaler', 'hpa')] },
          { version: 'v1', resources: [resource('horizontalpodautoscalers', 'HorizontalPodAutoscaler', 'hpa'), resource('olds', 'Old')] },
        ],
      },
      { name: 'networking.k8s.io', versions: [{ version: 'v1', resources: [resource('ingresses', 'Ingress', 'ing')] }] },
      // A custom resource that calls itself what another is called in short, and one with a group that looks like a version.
      { name: 'x.io', versions: [{ version: 'v1', resources: [resource('hpa', 'Party'), resource('deployments', 'Deployment', 'po')] }] },
    ],
  },
])

describe('resolve understands', () => {
  test.each<[ResourceQuery, string]>([
    ['deployments', 'deployments apps/v1'],
    ['deployment', 'deployments apps/v1'],
    ['deploy', 'deployments apps/v1'],
    ['Deployment', 'deployments apps/v1'],
    ['DEPLOY', 'deployments apps/v1'],
    ['deployments.apps', 'deployments apps/v1'],
    ['deploy.apps', 'deployments apps/v1'],
    ['deployments.v1.apps', 'deployments apps/v1'],
    ['deployments.x.io', 'deployments x.io/v1'],
    ['deployments.v1.x.io', 'deployments x.io/v1'],
    ['Deployment.v1.x.io', 'deployments x.io/v1'],
    ['pods.v1.', 'pods v1'],
    // The first group of the server.
    ['events', 'events v1'],
    ['ev', 'events v1'],
    ['events.events.k8s.io', 'events events.k8s.io/v1'],
    // The beginning of a group.
    ['events.events', 'events events.k8s.io/v1'],
    ['ing.networking', 'ingresses networking.k8s.io/v1'],
    // The preferred version, another one where it is named, and one that is only there.
    ['horizontalpodautoscalers', 'horizontalpodautoscalers autoscaling/v2'],
    ['hpa.v1.autoscaling', 'horizontalpodautoscalers autoscaling/v1'],
    ['olds', 'olds autoscaling/v1'],
    // A whole name before a short one, wherever it is.
    ['hpa', 'hpa x.io/v1'],
    ['po', 'pods v1'],
    // A kind, where it is nobody's name.
    ['Party', 'hpa x.io/v1'],
    [{ kind: 'Deployment', apiVersion: 'x.io/v1' }, 'deployments x.io/v1'],
    [{ kind: 'HorizontalPodAutoscaler', apiVersion: 'autoscaling/v1' }, 'horizontalpodautoscalers autoscaling/v1'],
    [{ kind: 'Pod', apiVersion: 'v1' }, 'pods v1'],
    [{ group: 'autoscaling', plural: 'horizontalpodautoscalers' }, 'horizontalpodautoscalers autoscaling/v2'],
    [{ group: 'autoscaling', version: 'v1', plural: 'horizontalpodautoscalers' }, 'horizontalpodautoscalers autoscaling/v1'],
  ])('resolves %j', (query, expected) => {
    const found = discovery.resolve(query)
    expect(`${found.plural} ${apiVersionOf(found)}`).toBe(expected)
  })
})

describe('what is not there', () => {
  test.each<[ResourceQuery, RegExp]>([
    ['deploymnts', /^the server has no resource "deploymnts"; did you mean deployments\.apps or deployments\.x\.io\?$/],
    ['pds', /did you mean pods\?/],
    ['ingres', /did you mean ingresses\.networking\.k8s\.io\?/],
    ['pods.apps', /^the server has no resource "pods\.apps"; did you mean pods\?/],
    [{ kind: 'Pod', apiVersion: 'v2' }, /^the server has no resource \{"kind":"Pod","apiVersion":"v2"\}; did you mean pods\?$/],
    [{ group: 'apps', plural: 'events' }, /did you mean events or events\.events\.k8s\.io\?/],
    ['zzzzzzzz', /^the server has no resource "zzzzzzzz"$/],
    ['', /^the server has no resource ""/],
  ])('what is not there reports %j as unknown and suggests similar names', (query, message) => {
    expect(() => discovery.resolve(query)).toThrow(message)
  })

  test('an UnknownResourceError has at most three suggestions as data', () => {
    expect(nearMatches(discovery.resources, 'deploymnts')).toEqual(['deployments.apps', 'deployments.x.io'])
    try {
      discovery.resolve('event.nope')
      expect.unreachable()
    } catch (error) {
      expect(error).toMatchObject({ name: 'UnknownResourceError', suggestions: ['events', 'events.events.k8s.io'] })
    }
  })
})
