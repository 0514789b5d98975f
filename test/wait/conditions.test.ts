import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../src/api/object'
import { hasCondition, isDeleted } from '../../src/wait/conditions'
import { rolloutStatus } from '../../src/wait/rollout'

const pod = (status: object, metadata: object = {}): KubeObject => ({ metadata: { name: 'a', ...metadata }, status }) as KubeObject

describe('hasCondition', () => {
  const ready = { type: 'Ready', status: 'True' }

  it.each([
    ['a condition with the status', pod({ conditions: [ready] }), true],
    ['another case', pod({ conditions: [{ type: 'ready', status: 'true' }] }), true],
    ['another status', pod({ conditions: [{ type: 'Ready', status: 'False' }] }), false],
    ['another condition', pod({ conditions: [{ type: 'Initialized', status: 'True' }] }), false],
    ['no status', { metadata: { name: 'a' } } as KubeObject, false],
    ['conditions that Go wrote as null', pod({ conditions: null }), false],
    ['a condition of the type without a status before it', pod({ conditions: [{ type: 'Ready' }, ready] }), true],
    ['a null among the conditions', pod({ conditions: [null, ready] }), true],
    ['no object', undefined, false],
    ['a status that is older than the object', pod({ observedGeneration: 1, conditions: [ready] }, { generation: 2 }), false],
    ['a condition that is older than the object', pod({ conditions: [{ ...ready, observedGeneration: 1 }] }, { generation: 2 }), false],
    [
      'a new condition in an old status',
      pod({ observedGeneration: 1, conditions: [{ ...ready, observedGeneration: 2 }] }, { generation: 2 }),
      true,
    ],
  ])('hasCondition of an object with %s is decided as kubectl wait does', (_, object, expected) => {
    expect(hasCondition('Ready')(object)).toBe(expected)
  })

  it('hasCondition takes another status', () => {
    expect(hasCondition('Ready', 'False')(pod({ conditions: [{ type: 'Ready', status: 'False' }] }))).toBe(true)
  })

  it('isDeleted takes another object of the name for a deletion only when the uid is given', () => {
    expect(isDeleted()(undefined)).toBe(true)
    expect(isDeleted()(pod({}, { uid: '2' }))).toBe(false)
    expect(isDeleted('1')(pod({}, { uid: '2' }))).toBe(true)
    expect(isDeleted('2')(pod({}, { uid: '2' }))).toBe(false)
  })
})

describe('rolloutStatus', () => {
  const workload = (kind: string, spec: object, status: object, generation = 1): KubeObject =>
    ({
      kind,
      apiVersion: 'apps/v1',
      metadata: { name: 'web', generation },
      spec,
      status: { observedGeneration: 1, ...status },
    }) as KubeObject
  const rolling = (partition?: number) => ({
    updateStrategy: { type: 'RollingUpdate', ...(partition !== undefined && { rollingUpdate: { partition } }) },
  })

  // The cases and messages of kubectl's rollout_status_test.go.
  it.each<[KubeObject, boolean, string]>([
    [workload('Deployment', { replicas: 1 }, {}, 2), false, 'Waiting for deployment spec update to be observed...'],
    [
      workload('Deployment', { replicas: 1 }, { replicas: 1 }),
      false,
      'Waiting for deployment "web" rollout to finish: 0 out of 1 new replicas have been updated...',
    ],
    [
      workload('Deployment', { replicas: 1 }, { replicas: 2, updatedReplicas: 1, availableReplicas: 2 }),
      false,
      'Waiting for deployment "web" rollout to finish: 1 old replicas are pending termination...',
    ],
    [
      workload('Deployment', { replicas: 2 }, { replicas: 2, updatedReplicas: 2, availableReplicas: 1 }),
      false,
      'Waiting for deployment "web" rollout to finish: 1 of 2 updated replicas are available...',
    ],
    [
      workload('Deployment', { replicas: 2 }, { replicas: 2, updatedReplicas: 2, availableReplicas: 2 }),
      true,
      'deployment "web" successfully rolled out',
    ],
    [workload('DaemonSet', rolling(), {}, 2), false, 'Waiting for daemon set spec update to be observed...'],
    [
      workload('DaemonSet', rolling(), { updatedNumberScheduled: 0, desiredNumberScheduled: 1 }),
      false,
      'Waiting for daemon set "web" rollout to finish: 0 out of 1 new pods have been updated...',
    ],
    [
      workload('DaemonSet', rolling(), { updatedNumberScheduled: 2, desiredNumberScheduled: 2, numberAvailable: 1 }),
      false,
      'Waiting for daemon set "web" rollout to finish: 1 of 2 updated pods are available...',
    ],
    [
      workload('DaemonSet', rolling(), { updatedNumberScheduled: 2, desiredNumberScheduled: 2, numberAvailable: 2 }),
      true,
      'daemon set "web" successfully rolled out',
    ],
    [
      workload('StatefulSet', { ...rolling(), replicas: 3 }, { observedGeneration: 0 }),
      false,
      'Waiting for statefulset spec update to be observed...',
    ],
    [workload('StatefulSet', { ...rolling(), replicas: 3 }, { readyReplicas: 1 }), false, 'Waiting for 2 pods to be ready...'],
    [
      workload('StatefulSet', { ...rolling(1), replicas: 3 }, { readyReplicas: 3, updatedReplicas: 1 }),
      false,
      'Waiting for partitioned roll out to finish: 1 out of 2 new pods have been updated...',
    ],
    [
      workload('StatefulSet', { ...rolling(1), replicas: 3 }, { readyReplicas: 3, updatedReplicas: 2 }),
      true,
      'partitioned roll out complete: 2 new pods have been updated...',
    ],
    [
      workload(
        'StatefulSet',
        { ...rolling(), replicas: 3 },
        { readyReplicas: 3, updatedReplicas: 1, updateRevision: 'b', currentRevision: 'a' },
      ),
      false,
      'waiting for statefulset rolling update to complete 1 pods at revision b...',
    ],
    [
      workload(
        'StatefulSet',
        { ...rolling(), replicas: 3 },
        { readyReplicas: 3, currentReplicas: 3, updateRevision: 'b', currentRevision: 'b' },
      ),
      true,
      'statefulset rolling update complete 3 pods at revision b...',
    ],
  ])('rolloutStatus says what kubectl rollout status says (%#)', (object, done, message) => {
    expect(rolloutStatus(object)).toEqual({ done, message })
  })

  it('rolloutStatus throws where kubectl rollout status fails', () => {
    const exceeded = { conditions: [{ type: 'Progressing', reason: 'ProgressDeadlineExceeded' }] }
    expect(() => rolloutStatus(workload('Deployment', { replicas: 1 }, exceeded))).toThrow(
      'deployment "web" exceeded its progress deadline',
    )
    for (const kind of ['DaemonSet', 'StatefulSet'])
      expect(() => rolloutStatus(workload(kind, { updateStrategy: { type: 'OnDelete' } }, {}))).toThrow('only available for RollingUpdate')
    expect(() => rolloutStatus(workload('Job', {}, {}))).toThrow('expected a Deployment, DaemonSet or StatefulSet, got "Job"')
  })
})
