// The Deployments, ReplicaSets, DaemonSets and Jobs that own the simulated pods.
import type { KubeObject, OwnerReference, Resource } from '../../src/index'
import { DaemonSet, Deployment, ReplicaSet } from '../../src/resources/apps/v1'
import { Job } from '../../src/resources/batch/v1'
import type { PodTemplateSpec } from '../../src/resources/core/v1'
import type { FakeApiServer } from '../../src/testing'
import type { EventLog } from './event-log.ts'
import { managedDeployment } from './managed.ts'
import { imageOf, isAlive, isReady, type Member, replicaSetNameOf, type Workload } from './workloads.ts'

/** The number of revisions that a deployment keeps, as `revisionHistoryLimit`. */
const HISTORY = 3

/** Keeps the owners of the pods. */
export class Controllers {
  readonly #server: FakeApiServer
  readonly #events: EventLog
  readonly #now: () => number
  readonly #revisions = new Map<Workload, number>()
  /** The oldest revision of each workload that has a replica set. */
  readonly #oldest = new Map<Workload, number>()

  /** @param now returns the time of a write, in milliseconds since the epoch. */
  constructor(server: FakeApiServer, { events, now }: { events: EventLog; now: () => number }) {
    this.#server = server
    this.#now = now
    this.#events = events
    for (const [resource, shortName] of [
      [ReplicaSet, 'rs'],
      [DaemonSet, 'ds'],
      [Job, 'job'],
    ] as const)
      server.register({
        resource: resource as unknown as Resource,
        shortNames: [shortName],
        categories: ['all'],
        status: true,
        builtIn: true,
      })
  }

  /** Creates the owner of a workload; jobs are created one by one, with their pods. */
  populate(workload: Workload, replicas: number): void {
    const { name, namespace, kind } = workload
    const metadata = { name, namespace, labels: { app: name } }
    if (kind === 'daemon') this.#server.create(DaemonSet, { metadata, spec: specOf(workload, 0) } as DaemonSet)
    if (kind !== 'service') return
    const spec = { replicas, revisionHistoryLimit: HISTORY - 1, strategy: { type: 'RollingUpdate' }, ...specOf(workload, 0) }
    const deployment = { metadata: { ...metadata, annotations: revision(0) }, spec } as Deployment
    this.#server.create(Deployment, managedDeployment(deployment, this.#now()))
    this.#createReplicaSet(workload, 0)
  }

  /** Returns the number of pods that a deployment asks for; undefined for other workloads. */
  replicasOf(workload: Workload): number | undefined {
    return workload.kind === 'service' ? this.#server.get(Deployment, workload)?.spec?.replicas : undefined
  }

  /** Returns the current revision of a workload; 0 before the first rollout. */
  revisionOf(workload: Workload): number {
    return this.#revisions.get(workload) ?? 0
  }

  /** Starts a rollout: gives a deployment a new image and a new replica set. Returns its revision. */
  rollOut(workload: Workload): number {
    const next = this.revisionOf(workload) + 1
    const deployment = this.#server.get(Deployment, workload)
    if (!deployment) return this.revisionOf(workload)
    this.#revisions.set(workload, next)
    const metadata = { ...deployment.metadata, annotations: { ...deployment.metadata.annotations, ...revision(next) } }
    this.#server.update(Deployment, { ...deployment, metadata, spec: { ...deployment.spec, ...specOf(workload, next) } } as Deployment)
    this.#createReplicaSet(workload, next)
    this.#events.note({
      regarding: {
        kind: 'Deployment',
        apiVersion: 'apps/v1',
        name: workload.name,
        namespace: workload.namespace,
        uid: deployment.metadata.uid,
      },
      type: 'Normal',
      reason: 'ScalingReplicaSet',
      message: `Scaled up replica set ${replicaSetNameOf(workload, next)}`,
      component: 'deployment-controller',
    })
    return next
  }

  /** Returns the owner of the next pod of a workload; creates a job for it. */
  ownerOf(workload: Workload, index: number): OwnerReference {
    const { name, namespace, kind } = workload
    if (kind === 'daemon') return ownerReference(DaemonSet, this.#server.get(DaemonSet, workload), name)
    if (kind === 'service') {
      const replicaSet = replicaSetNameOf(workload, this.revisionOf(workload))
      return ownerReference(ReplicaSet, this.#server.get(ReplicaSet, { name: replicaSet, namespace }), replicaSet)
    }
    const job = `${name}-${29_000_000 + index}`
    const spec = { completions: 1, parallelism: 1, backoffLimit: 0, ttlSecondsAfterFinished: 600, ...specOf(workload, 0) }
    return ownerReference(Job, this.#server.create(Job, { metadata: { name: job, namespace, labels: { app: name } }, spec } as Job), job)
  }

  /** Deletes the job of a pod that is about to disappear. A no-op for other owners. */
  release({ workload: { kind, namespace }, ownerName: name }: Member): void {
    if (kind === 'job' && this.#server.get(Job, { name, namespace })) this.#server.delete(Job, { name, namespace })
  }

  /** Sets the status of a workload's owners from its pods. */
  follow(workload: Workload, members: readonly Member[]): void {
    const alive = members.filter(isAlive)
    const ready = alive.filter(isReady).length
    if (workload.kind === 'job') for (const member of members) this.#followJob(member)
    else if (workload.kind === 'daemon') {
      const numbers = {
        currentNumberScheduled: alive.length,
        desiredNumberScheduled: alive.length,
        numberReady: ready,
        numberMisscheduled: 0,
      }
      this.#patch(DaemonSet, workload, (object) => ({ ...object, status: numbers }))
    } else {
      const current = this.revisionOf(workload)
      const updated = alive.filter((member) => member.revision === current).length
      const status = { replicas: alive.length, updatedReplicas: updated, readyReplicas: ready, availableReplicas: ready }
      this.#patch(Deployment, workload, (object) => ({ ...object, status }))
      this.#dropOutdated(workload, members)
      for (let past = this.#oldest.get(workload) ?? 0; past <= current; past++) this.#followReplicaSet(workload, past, alive)
    }
  }

  /** Deletes the oldest replica sets beyond the history, once they have no pods. */
  #dropOutdated(workload: Workload, members: readonly Member[]): void {
    let oldest = this.#oldest.get(workload) ?? 0
    while (oldest <= this.revisionOf(workload) - HISTORY && !members.some(({ revision }) => revision === oldest)) {
      const outdated = { name: replicaSetNameOf(workload, oldest), namespace: workload.namespace }
      if (this.#server.get(ReplicaSet, outdated)) this.#server.delete(ReplicaSet, outdated)
      oldest++
    }
    this.#oldest.set(workload, oldest)
  }

  #followReplicaSet(workload: Workload, revision: number, alive: readonly Member[]): void {
    const own = alive.filter((member) => member.revision === revision)
    const ready = own.filter(isReady).length
    const status = { replicas: own.length, readyReplicas: ready, availableReplicas: ready }
    this.#patch(ReplicaSet, { name: replicaSetNameOf(workload, revision), namespace: workload.namespace }, (object) => ({
      ...object,
      spec: { ...object.spec, replicas: own.length },
      status,
    }))
  }

  #followJob({ ownerName: name, workload: { namespace }, state }: Member): void {
    const type = state === 'finished' ? 'Complete' : state === 'failed' ? 'Failed' : undefined
    const status = {
      active: type ? 0 : 1,
      succeeded: state === 'finished' ? 1 : 0,
      failed: state === 'failed' ? 1 : 0,
      conditions: type ? [{ type, status: 'True' }] : [],
    }
    this.#patch(Job, { name, namespace }, (object) => ({ ...object, status }))
  }

  /** Updates an object, unless another client has removed it. The server keeps the version of an object that stays the same. */
  #patch<T extends KubeObject>(
    resource: Resource<T>,
    { name, namespace }: { name: string; namespace: string },
    change: (object: T) => object,
  ): void {
    const object = this.#server.get(resource, { name, namespace })
    if (object) this.#server.update(resource, change(object) as T)
  }

  #createReplicaSet(workload: Workload, number: number): void {
    const { name, namespace } = workload
    const owner = ownerReference(Deployment, this.#server.get(Deployment, workload), name)
    const metadata = {
      name: replicaSetNameOf(workload, number),
      namespace,
      labels: { app: name },
      annotations: revision(number),
      ownerReferences: [owner],
    }
    this.#server.create(ReplicaSet, { metadata, spec: { replicas: 0, ...specOf(workload, number) } } as ReplicaSet)
  }
}

function ownerReference(
  { group, version, kind }: Pick<Resource, 'group' | 'version' | 'kind'>,
  owner: KubeObject | undefined,
  name: string,
): OwnerReference {
  return { apiVersion: `${group}/${version}`, kind, name, uid: owner?.metadata.uid ?? '', controller: true, blockOwnerDeletion: true }
}

const revision = (number: number) => ({ 'deployment.kubernetes.io/revision': String(number + 1) })

function specOf(workload: Workload, number: number): { selector: object; template: PodTemplateSpec } {
  const { name } = workload
  return {
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name, image: imageOf(workload, number) }] } },
  }
}
