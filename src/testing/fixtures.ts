// Creates realistic pods for tests.

import type { KubeObject } from '../api/object'
import type { ContainerStatus, Pod, PodSpec, PodStatus } from '../resources/core/v1'
import { createRandom } from './random'

/** Options of {@link podFixture}. */
export interface PodFixtureOptions {
  /** The namespace; default `default`. */
  namespace?: string
  /** Additional labels. */
  labels?: Record<string, string>
  /** Whether an annotation contains text beyond ASCII; default false. */
  nonAscii?: boolean
}

/** A `Pod` with the members that every fixture has. */
export interface FixturePod extends Pod {
  spec: PodSpec & { nodeName: string }
  status: PodStatus & { phase: string; podIP: string; containerStatuses: ContainerStatus[] }
}

const APPS = ['web', 'api', 'worker', 'cache', 'billing', 'search']
const EPOCH = Date.UTC(2026, 0, 1)
const MINUTE = 60_000

const timeAt = (index: number, offsetMs: number) => new Date(EPOCH - (index % 10_000) * MINUTE + offsetMs).toISOString().replace('.000', '')
const hex = (value: number, length: number) => value.toString(16).padStart(length, '0')

/**
 * Creates a running pod as in a real cluster: about 7 kB of JSON with managedFields and status. The same index gives the same pod. It has
 * no uid and resourceVersion, because the server assigns them.
 */
export function podFixture(index: number, { namespace = 'default', labels = {}, nonAscii = false }: PodFixtureOptions = {}): FixturePod {
  const random = createRandom(index)
  const app = APPS[index % APPS.length] ?? 'web'
  const hash = hex(random.below(0x1000_0000), 8)
  const name = `${app}-${hash}-${index}`
  const image = `registry.example.com/shop/${app}:1.${index % 40}.${random.below(10)}`
  const digest = Array.from({ length: 8 }, () => hex(random.below(0x1_0000_0000), 8)).join('')
  const ip = `10.${1 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`
  const hostIP = `192.168.${(index % 200) >> 6}.${1 + ((index % 200) & 63)}`
  const containers = [app, 'proxy'].map((container) => ({
    name: container,
    image,
    ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
    env: [
      { name: 'POD_NAME', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } },
      { name: 'LOG_LEVEL', value: 'info' },
      { name: 'ENDPOINT', value: `http://${app}.${namespace}.svc.cluster.local:8080` },
    ],
    resources: { limits: { cpu: '500m', memory: '256Mi' }, requests: { cpu: '100m', memory: '128Mi' } },
    volumeMounts: [{ name: 'kube-api-access', readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }],
    livenessProbe: {
      httpGet: { path: '/healthz', port: 'http', scheme: 'HTTP' },
      timeoutSeconds: 1,
      periodSeconds: 10,
      successThreshold: 1,
      failureThreshold: 3,
    },
    readinessProbe: {
      httpGet: { path: '/readyz', port: 'http', scheme: 'HTTP' },
      timeoutSeconds: 1,
      periodSeconds: 5,
      successThreshold: 1,
      failureThreshold: 3,
    },
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: 'IfNotPresent',
  }))
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      name,
      generateName: `${app}-${hash}-`,
      namespace,
      labels: {
        app,
        'app.kubernetes.io/instance': `${app}-${namespace}`,
        'pod-template-hash': hash,
        tier: index % 2 ? 'backend' : 'frontend',
        ...labels,
      },
      annotations: {
        'example.com/owner': nonAscii ? 'Zoë Müller – 店舗' : 'shop team',
        'prometheus.io/scrape': 'true',
        'prometheus.io/port': '8080',
      },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: `${app}-${hash}`,
          uid: `00000000-0000-4000-8000-0000${hash}`,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
      managedFields: managedFields(app, index),
    },
    spec: {
      volumes: [
        {
          name: 'kube-api-access',
          projected: { sources: [{ serviceAccountToken: { expirationSeconds: 3607, path: 'token' } }], defaultMode: 420 },
        },
      ],
      containers,
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      serviceAccountName: 'default',
      nodeName: `node-${index % 200}`,
      securityContext: {},
      schedulerName: 'default-scheduler',
      tolerations: ['not-ready', 'unreachable'].map((key) => ({
        key: `node.kubernetes.io/${key}`,
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: 300,
      })),
      priority: 0,
      enableServiceLinks: true,
      preemptionPolicy: 'PreemptLowerPriority',
    },
    status: {
      phase: 'Running',
      conditions: ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({
        type,
        status: 'True',
        // On the wire a condition that was never probed has null here, which the types of Kubernetes' own schema do not include.
        lastProbeTime: null as unknown as string,
        lastTransitionTime: timeAt(index, 20_000),
      })),
      hostIP,
      hostIPs: [{ ip: hostIP }],
      podIP: ip,
      podIPs: [{ ip }],
      startTime: timeAt(index, 1000),
      containerStatuses: containers.map((container) => ({
        name: container.name,
        state: { running: { startedAt: timeAt(index, 15_000) } },
        lastState: {},
        ready: true,
        restartCount: 0,
        image,
        imageID: `registry.example.com/shop/${app}@sha256:${digest}`,
        containerID: `containerd://${digest}`,
        started: true,
      })),
      qosClass: 'Burstable',
    },
  }
}

function managedFields(app: string, index: number): NonNullable<KubeObject['metadata']['managedFields']> {
  const none = {}
  const probe = {
    '.': none,
    'f:failureThreshold': none,
    'f:httpGet': { '.': none, 'f:path': none, 'f:port': none, 'f:scheme': none },
    'f:periodSeconds': none,
  }
  const container = (name: string) => ({
    [`k:{"name":"${name}"}`]: {
      '.': none,
      'f:env': Object.fromEntries(
        ['POD_NAME', 'LOG_LEVEL', 'ENDPOINT'].map((variable) => [
          `k:{"name":"${variable}"}`,
          { '.': none, 'f:name': none, 'f:value': none },
        ]),
      ),
      'f:image': none,
      'f:imagePullPolicy': none,
      'f:livenessProbe': probe,
      'f:name': none,
      'f:ports': {
        '.': none,
        'k:{"containerPort":8080,"protocol":"TCP"}': { '.': none, 'f:containerPort': none, 'f:name': none, 'f:protocol': none },
      },
      'f:readinessProbe': probe,
      'f:resources': {
        '.': none,
        'f:limits': { '.': none, 'f:cpu': none, 'f:memory': none },
        'f:requests': { '.': none, 'f:cpu': none, 'f:memory': none },
      },
    },
  })
  const condition = (type: string) => ({
    [`k:{"type":"${type}"}`]: { '.': none, 'f:lastProbeTime': none, 'f:lastTransitionTime': none, 'f:status': none, 'f:type': none },
  })
  const common = { operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1' }
  return [
    {
      manager: 'kube-controller-manager',
      ...common,
      time: timeAt(index, 0),
      fieldsV1: {
        'f:metadata': {
          'f:generateName': none,
          'f:labels': { '.': none, 'f:app': none, 'f:pod-template-hash': none },
          'f:ownerReferences': { '.': none },
        },
        'f:spec': {
          'f:containers': { ...container(app), ...container('proxy') },
          'f:dnsPolicy': none,
          'f:enableServiceLinks': none,
          'f:restartPolicy': none,
        },
      },
    },
    {
      manager: 'kubelet',
      ...common,
      time: timeAt(index, 20_000),
      fieldsV1: {
        'f:status': {
          'f:conditions': { ...condition('ContainersReady'), ...condition('Initialized'), ...condition('Ready') },
          'f:containerStatuses': none,
          'f:hostIP': none,
          'f:phase': none,
          'f:podIP': none,
          'f:startTime': none,
        },
      },
      subresource: 'status',
    },
  ]
}
