// The record of a leader election, and the arithmetic on it (pure).

import type { KubeObject } from '../api/object'
import type { Resource } from '../api/resource'

/** A Lease, as far as an election uses it. */
export interface Lease extends KubeObject {
  readonly spec?: {
    readonly holderIdentity?: string
    readonly leaseDurationSeconds?: number
    readonly acquireTime?: string
    readonly renewTime?: string
    readonly leaseTransitions?: number
  }
}

/** The resource of leases. */
export const LEASES: Resource<Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  scope: 'Namespaced',
}

/** A lease as a candidate has observed it, and when its content last changed, by the candidate's own clock. */
export interface ObservedLease {
  readonly lease: Lease
  readonly changedAt: number
}

/**
 * Returns the observation after a read. The time advances only when the record has changed, so that clocks of other machines do not matter.
 *
 * @see client-go `leaderelection.LeaderElector.setObservedRecord`
 */
export function observe(before: ObservedLease | undefined, lease: Lease, nowMs: number): ObservedLease {
  const isSame = before && JSON.stringify(before.lease.spec ?? {}) === JSON.stringify(lease.spec ?? {})
  return { lease, changedAt: isSame ? before.changedAt : nowMs }
}

/** Whether another candidate holds a lease that may still be valid. */
export function isHeldByOther({ lease, changedAt }: ObservedLease, identity: string, nowMs: number): boolean {
  const { holderIdentity = '', leaseDurationSeconds = 0 } = lease.spec ?? {}
  return holderIdentity !== '' && holderIdentity !== identity && changedAt + leaseDurationSeconds * 1000 > nowMs
}

/** Returns the spec with which a candidate acquires or renews a lease. */
export function heldSpec(before: Lease | undefined, identity: string, leaseDurationMs: number, nowMs: number): NonNullable<Lease['spec']> {
  const { holderIdentity, acquireTime, leaseTransitions = 0 } = before?.spec ?? {}
  const isOwn = holderIdentity === identity
  const now = microTime(nowMs)
  return {
    holderIdentity: identity,
    leaseDurationSeconds: Math.ceil(leaseDurationMs / 1000),
    acquireTime: isOwn && acquireTime ? acquireTime : now,
    renewTime: now,
    leaseTransitions: isOwn || !before ? leaseTransitions : leaseTransitions + 1,
  }
}

/** Returns the spec with which the leader gives a lease up, so that the next one need not wait for it to expire. */
export function releasedSpec({ spec }: Lease, nowMs: number): NonNullable<Lease['spec']> {
  const now = microTime(nowMs)
  return { holderIdentity: '', leaseDurationSeconds: 1, acquireTime: now, renewTime: now, leaseTransitions: spec?.leaseTransitions ?? 0 }
}

/** Formats a time as the API server's MicroTime, which has exactly six digits after the point. */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z')
}
