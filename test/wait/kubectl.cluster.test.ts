// Compares waiting and draining with kubectl on random objects: `rollout status`, `wait` and `drain`.

import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import type { KubeObject } from '../../src/api/object'
import { defineResource, type Resource } from '../../src/api/resource'
import { KubeClient } from '../../src/http/client'
import { DaemonSet, Deployment, StatefulSet } from '../../src/resources/apps/v1'
import { Pod } from '../../src/resources/core/v1'
import { hasCondition } from '../../src/wait/conditions'
import { choosePods, type DrainChoices, PODS } from '../../src/wait/drain-pods'
import { rolloutStatus } from '../../src/wait/rollout'
import { buildCluster } from '../cluster/build.ts'
import { describeCluster } from '../cluster/suite.ts'
import { isThorough } from '../support/thorough.ts'

const namespace = 'default'
const SEED = 20_261_129
const WORKLOADS = isThorough ? 350 : 70
const OBJECTS = isThorough ? 1_000 : 200
/** Both verdicts of a condition are to occur for this many objects at least: of the random ones, about an eighth meet the rarer condition. */
const LEAST_OF_A_VERDICT = OBJECTS / 20
const GROUPS = Array.from({ length: 16 }, (_, index) => `g${index}`)
const Widget = defineResource<KubeObject>({ group: 'example.com', version: 'v1', plural: 'widgets', kind: 'Widget' })

/** Runs a function for each item, eight at a time. */
async function forAll<T>(items: readonly T[], run: (item: T, index: number) => Promise<unknown>): Promise<void> {
  const rest = [...items.entries()]
  const work = async () => {
    for (let next = rest.shift(); next; next = rest.shift()) await run(next[1], next[0])
  }
  await Promise.all(Array.from({ length: 8 }, work))
}

const nameOf = (index: number) => `random-${String(index).padStart(4, '0')}`
const count = fc.integer({ min: 0, max: 4 })

/** A workload: its spec, its status, and whether its spec is changed after it was created. */
interface Workload {
  readonly spec: object
  readonly status: Record<string, unknown>
  readonly isChanged: boolean
}

const template = { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'main', image: 'none' }] } }
const selector = { matchLabels: { app: 'x' } }
const strategy = fc.oneof({ weight: 9, arbitrary: fc.constant('RollingUpdate') }, { weight: 1, arbitrary: fc.constant('OnDelete') })

/** The counts of a status that the API server accepts: none is larger than `replicas`, and not more pods are available than ready. */
const counts = fc.tuple(count, count, count, count, count).map(([replicas, updated, ready, available, current]) => ({
  replicas,
  updatedReplicas: Math.min(updated, replicas),
  readyReplicas: Math.min(ready, replicas),
  availableReplicas: Math.min(available, ready, replicas),
  currentReplicas: Math.min(current, replicas),
}))

const progressing = fc.constantFrom(
  'ProgressDeadlineExceeded',
  'NewReplicaSetAvailable',
  'ReplicaSetUpdated',
  undefined,
  undefined,
  undefined,
)

const deployments = fc
  .record({ replicas: count, counts, reason: progressing, observedGeneration: fc.integer({ min: 0, max: 2 }), isChanged: fc.boolean() })
  .map(({ replicas, counts: { currentReplicas: _, ...status }, reason, observedGeneration, isChanged }): Workload => {
    const conditions = reason && [{ type: 'Progressing', status: 'True', reason }]
    return {
      spec: { replicas, selector, template },
      status: { ...status, observedGeneration, ...(conditions && { conditions }) },
      isChanged,
    }
  })

const daemonSets = fc
  .record({
    type: strategy,
    counts: fc.tuple(count, count, count),
    observedGeneration: fc.integer({ min: 0, max: 2 }),
    isChanged: fc.boolean(),
  })
  .map(({ type, counts: [desired, updated, available], observedGeneration, isChanged }): Workload => {
    const status = {
      currentNumberScheduled: 0,
      numberMisscheduled: 0,
      numberReady: 0,
      desiredNumberScheduled: desired,
      updatedNumberScheduled: updated,
      numberAvailable: available,
      observedGeneration,
    }
    return { spec: { selector, template, updateStrategy: { type } }, status, isChanged }
  })

const statefulSets = fc
  .record({
    type: strategy,
    partition: fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined }),
    replicas: count,
    counts,
    revisions: fc.tuple(fc.constantFrom('a', 'b'), fc.constantFrom('a', 'b')),
    observedGeneration: fc.integer({ min: 0, max: 2 }),
    isChanged: fc.boolean(),
  })
  .map(({ type, partition, replicas, counts: status, revisions, observedGeneration, isChanged }): Workload => {
    const rollingUpdate = type === 'RollingUpdate' && partition !== undefined && { rollingUpdate: { partition } }
    return {
      spec: { replicas, selector, template, serviceName: 'x', updateStrategy: { type, ...rollingUpdate } },
      status: { ...status, currentRevision: revisions[0], updateRevision: revisions[1], observedGeneration },
      isChanged,
    }
  })

const word = (...words: readonly string[]) => fc.constantFrom(...words)
const generation = fc.constantFrom(undefined, undefined, 1, 2, 2)
const conditionType = word('Ready', 'ready', 'READY', 'Synced')
const condition = fc.oneof(
  { weight: 5, arbitrary: fc.record({ type: conditionType, status: word('True', 'true', 'False'), observedGeneration: generation }) },
  { weight: 1, arbitrary: fc.record({ type: conditionType }) },
)
const widgets = fc.record({
  status: fc.option(
    fc.record({ conditions: fc.array(condition, { maxLength: 4 }), observedGeneration: generation }, { requiredKeys: [] }),
    {
      nil: undefined,
    },
  ),
  size: fc.integer({ min: 1, max: 2 }),
})

const owner = (kind: string, name: string, apiVersion = 'apps/v1') => ({ apiVersion, kind, name, uid: `${kind}-${name}`, controller: true })
const drainedPod = fc.record({
  owner: fc.constantFrom(
    owner('ReplicaSet', 'x'),
    owner('ReplicaSet', 'x'),
    owner('DaemonSet', 'known'),
    owner('DaemonSet', 'known', 'example.com/v1'),
    { ...owner('ReplicaSet', 'x'), controller: false },
    undefined,
  ),
  isMirror: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  hasLocalData: fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  phase: fc.constantFrom('Running', 'Running', 'Pending', 'Succeeded', 'Failed'),
})

describeCluster(
  'waiting and draining beside kubectl',
  (cluster) => {
    let client: KubeClient
    let binary: string
    beforeAll(async () => {
      binary = await buildCluster()
      client = new KubeClient({ baseUrl: cluster().proxyUrl })
    })

    /** Runs kubectl, which may fail. */
    const kubectl = (...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
      new Promise((resolve) => {
        const { kubeconfig } = cluster()
        const all = ['kubectl', `--kubeconfig=${kubeconfig}`, `--cache-dir=${join(dirname(kubeconfig), 'cache')}`, ...args]
        execFile(binary, all, { maxBuffer: 64_000_000 }, (error, stdout, stderr) =>
          resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr }),
        )
      })

    describe.each<[string, Resource<KubeObject>, fc.Arbitrary<Workload>]>([
      ['deployments', Deployment as Resource<KubeObject>, deployments],
      ['daemonsets', DaemonSet as Resource<KubeObject>, daemonSets],
      ['statefulsets', StatefulSet as Resource<KubeObject>, statefulSets],
    ])('%s', (plural, resource, arbitrary) => {
      test(`[streams/26] rolloutStatus of ${WORKLOADS} random ${plural} has the text and the verdict of kubectl rollout status`, async () => {
        await forAll(fc.sample(arbitrary, { numRuns: WORKLOADS, seed: SEED }), async ({ spec, status, isChanged }, index) => {
          const name = nameOf(index)
          await client.create(resource, { metadata: { name, namespace }, spec } as KubeObject)
          const annotations = { changed: 'yes' }
          if (isChanged)
            await client.patch(resource, name, { merge: { spec: { template: { metadata: { annotations } } } } as object }, { namespace })
          await client.patch(resource, name, { merge: { status } as object }, { namespace, subresource: 'status' })
        })
        const { items } = await client.list(resource, { namespace })
        expect(items).toHaveLength(WORKLOADS)
        let text = ''
        const errors: string[] = []
        for (const item of items) {
          try {
            text += `${rolloutStatus({ kind: resource.kind, ...item }).message}\n`
          } catch (error) {
            errors.push((error as Error).message)
          }
        }
        const { stdout, stderr } = await kubectl('rollout', 'status', plural, '-n', namespace, '--watch=false')
        expect(text).toBe(stdout)
        const reported = stderr
          .trim()
          .split('\n')
          .map((line) => line.replace(/^error: /, ''))
        expect(errors.sort()).toEqual(reported.sort())
      })
    })

    test(`[streams/26] hasCondition of ${OBJECTS} random objects has the verdict of kubectl wait`, async () => {
      const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
      const versions = [{ name: 'v1', served: true, storage: true, schema, subresources: { status: {} } }]
      const names = { plural: 'widgets', kind: 'Widget' }
      const definition = { group: 'example.com', scope: 'Namespaced', names, versions }
      await kubectlApply({
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name: 'widgets.example.com' },
        spec: definition,
      })
      await cluster().kubectl(['wait', '--for=condition=Established', 'crd/widgets.example.com'])
      await forAll(fc.sample(widgets, { numRuns: OBJECTS, seed: SEED }), async ({ status, size }, index) => {
        const name = nameOf(index)
        const labels = { group: GROUPS[index % GROUPS.length] as string }
        await client.create(Widget, { metadata: { name, namespace, labels }, spec: { size: 1 } } as KubeObject)
        if (size !== 1) await client.patch(Widget, name, { merge: { spec: { size } } as object }, { namespace })
        if (status) await client.patch(Widget, name, { merge: { status } as object }, { namespace, subresource: 'status' })
      })
      const { items } = await client.list(Widget, { namespace })
      expect(items).toHaveLength(OBJECTS)
      for (const [condition, met] of [
        ['Ready', hasCondition('Ready')],
        ['Ready=False', hasCondition('Ready', 'False')],
      ] as const) {
        // Many processes, because each slows itself down to five requests a second.
        const outputs = await Promise.all(
          GROUPS.map((group) =>
            kubectl('wait', `--for=condition=${condition}`, '--timeout=0', '-n', namespace, 'widgets', '-l', `group=${group}`),
          ),
        )
        const theirs = outputs.flatMap(({ stdout }) =>
          [...stdout.matchAll(/^widget.example.com\/(\S+) condition met$/gm)].map(([, name]) => name),
        )
        const ours = items.filter(met).map(({ metadata }) => metadata.name)
        expect(ours.length).toBeGreaterThan(LEAST_OF_A_VERDICT)
        expect(OBJECTS - ours.length).toBeGreaterThan(LEAST_OF_A_VERDICT)
        expect(ours).toEqual(theirs.sort())
      }
    })

    test('[streams/27] drain chooses the pods of kubectl drain, and refuses where kubectl refuses', async () => {
      await client.create(DaemonSet, { metadata: { name: 'known', namespace }, spec: { selector, template } })
      const nodes = fc.sample(fc.array(drainedPod, { minLength: 1, maxLength: 5 }), { numRuns: 8, seed: SEED })
      let evictions = 0
      let refusals = 0
      for (const [index, pods] of nodes.entries()) {
        const node = `node-${index}`
        await kubectlApply({ apiVersion: 'v1', kind: 'Node', metadata: { name: node } })
        await forAll(pods, async ({ owner, isMirror, hasLocalData, phase }, at) => {
          const name = `${node}-${at}`
          const metadata = {
            name,
            namespace,
            ...(owner && { ownerReferences: [owner] }),
            ...(isMirror && { annotations: { 'kubernetes.io/config.mirror': 'x' } }),
          }
          const volumes = hasLocalData ? [{ name: 'v', emptyDir: {} }] : []
          await client.create(Pod, { metadata, spec: { nodeName: node, containers: [{ name: 'main', image: 'none' }], volumes } })
          await client.patch(Pod, name, { merge: { status: { phase } } as object }, { namespace, subresource: 'status' })
        })
        const { items } = await client.list(PODS, { fieldSelector: `spec.nodeName=${node}` })
        for (let bits = 0; bits < 8; bits++) {
          const choices: DrainChoices = {
            ...(bits & 1 && { daemonSets: 'keep' }),
            ...(bits & 2 && { emptyDirData: 'delete' }),
            ...(bits & 4 && { unmanaged: 'delete' }),
          }
          const flags = [
            ...(bits & 1 ? ['--ignore-daemonsets'] : []),
            ...(bits & 2 ? ['--delete-emptydir-data'] : []),
            ...(bits & 4 ? ['--force'] : []),
          ]
          const { code, stdout, stderr } = await kubectl('drain', node, '--dry-run=client', ...flags)
          const evicted = [...stdout.matchAll(/^evicting pod (\S+) \(dry run\)$/gm)].map(([, key]) => key)
          const refused = code === 0 ? [] : namesIn(stderr)
          let ours: { evicted: string[]; refused: string[] }
          try {
            ours = { evicted: choosePods(items, node, choices).evicted.map(({ key }) => key), refused: [] }
            evictions += ours.evicted.length
          } catch (error) {
            ours = { evicted: [], refused: namesIn((error as Error).message) }
            refusals++
          }
          expect(ours, `${node} ${flags.join(' ')}: ${stderr}`).toEqual({ evicted, refused })
        }
      }
      expect(evictions).toBeGreaterThan(10)
      expect(refusals).toBeGreaterThan(10)
    })

    test('[streams/27] a pod whose DaemonSet is gone counts as one of a DaemonSet, without a request to find out; kubectl reads it', async () => {
      await kubectlApply({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'orphan' } })
      const metadata = { name: 'orphan', namespace, ownerReferences: [owner('DaemonSet', 'gone')] }
      await client.create(Pod, { metadata, spec: { nodeName: 'orphan', containers: [{ name: 'main', image: 'none' }] } })
      const { items } = await client.list(PODS, { fieldSelector: 'spec.nodeName=orphan' })
      const { skipped } = choosePods(items, 'orphan', { daemonSets: 'keep', unmanaged: 'delete' })
      expect(skipped.map(({ reason }) => reason)).toEqual(['daemonSet'])
      const { stdout } = await kubectl('drain', 'orphan', '--dry-run=client', '--ignore-daemonsets', '--force')
      expect(stdout).toContain('evicting pod default/orphan (dry run)')
    })

    const kubectlApply = (object: object) => cluster().kubectl(['apply', '-f', '-'], { input: JSON.stringify(object) })
    const namesIn = (text: string): string[] => [...new Set(text.match(/default\/node-\d-\d/g))].sort()
  },
  // Controllers would write statuses of their own, and collect pods whose owners do not exist.
  { baseControllers: ['namespace-controller'] },
)
