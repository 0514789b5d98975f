// Creates the pods of many workloads, as alike as the pods of a real cluster.

import { type FixturePod, podFixture } from './fixtures'
import { createRandom } from './random'

/** Options of {@link workloadPodFixture}. */
export interface WorkloadPodFixtureOptions {
  /** The number of workloads that the pods belong to; default 300. */
  workloads?: number
  /** The revision of the workload: a rollout changes the image, the hash and an environment variable. Default 0. */
  revision?: number
  /** The number of containers that have restarted; default 0. */
  restarts?: number
  /** Whether an annotation contains text beyond ASCII; default false. */
  nonAscii?: boolean
}

const KINDS = ['ReplicaSet', 'DaemonSet', 'StatefulSet', 'Job'] as const
const LETTERS = 'bcdfghjklmnpqrstvwxz2456789'

/**
 * Creates a pod that shares its owner, containers, probes and volumes with the other pods of its workload. It has its own name, uid, node,
 * addresses, times, container ids and token volume. The same arguments give the same pod.
 */
export function workloadPodFixture(index: number, options: WorkloadPodFixtureOptions = {}): FixturePod {
  const { workloads = 300, revision = 0, restarts = 0, nonAscii = false } = options
  const workload = index % workloads
  const random = createRandom(index * 7919 + revision)
  const letters = (length: number) => Array.from({ length }, () => LETTERS[random.below(LETTERS.length)]).join('')
  const digits = (length: number) => Array.from({ length }, () => random.below(16).toString(16)).join('')
  const base = podFixture(workload, { namespace: `team-${workload % 20}`, nonAscii })
  const own = podFixture(index)
  const hash = createRandom(workload * 31 + revision)
    .below(0x1000_0000)
    .toString(16)
    .padStart(8, '0')
  const name = `workload-${workload}`
  const image = `registry.example.com/shop/${name}:1.${revision}.${workload % 10}`
  const volume = `kube-api-access-${letters(5)}`
  const [first, second] = base.spec.containers
  const containers = Array.from({ length: 1 + (workload % 5) }, (_, n) => ({
    ...(n % 2 ? second : first),
    name: n === 0 ? name : `sidecar-${n}`,
    image,
    env: [
      ...(first?.env ?? []),
      { name: 'REVISION', value: String(revision) },
      { name: 'SETTINGS', value: `level=${workload % 7};pool=${workload * 13}` },
    ],
    volumeMounts: [
      { name: 'config', mountPath: `/etc/${name}` },
      { name: volume, readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' },
    ],
  }))
  const digest = createRandom(workload + revision * 1000)
    .below(0x1_0000_0000)
    .toString(16)
    .padStart(64, '0')
  const [status] = own.status.containerStatuses
  const { managedFields: _, ...metadata } = base.metadata
  const uid = `${digits(8)}-${digits(4)}-4${digits(3)}-a${digits(3)}-${digits(12)}`
  return {
    ...base,
    metadata: {
      ...metadata,
      name: `${name}-${hash}-${letters(5)}${index}`,
      generateName: `${name}-${hash}-`,
      uid,
      creationTimestamp: own.status.startTime ?? '',
      labels: { ...metadata.labels, app: name, 'app.kubernetes.io/instance': name, 'pod-template-hash': hash },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: KINDS[workload % KINDS.length] ?? 'ReplicaSet',
          name: `${name}-${hash}`,
          uid: `00000000-0000-4000-8000-${String(revision).padStart(4, '0')}${hash}`,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      ...base.spec,
      containers,
      nodeName: own.spec.nodeName,
      volumes: [
        { name: 'config', configMap: { name: `${name}-config`, defaultMode: 420 } },
        ...(base.spec.volumes ?? []).map((each) => ({ ...each, name: volume })),
      ],
    },
    status: {
      ...own.status,
      containerStatuses: containers.map((container, n) => ({
        ...status,
        name: container.name,
        image,
        ready: true,
        restartCount: n < restarts ? 1 + random.below(5) : 0,
        imageID: `registry.example.com/shop/${name}@sha256:${digest}`,
        containerID: `containerd://${digits(64)}`,
      })),
    },
  }
}
