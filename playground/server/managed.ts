// Gives the Deployments of the fake cluster the managers that their fields have in a real one.
import type { Deployment } from '../../src/resources/apps/v1'
import { noteUpdate } from '../../src/testing/managed-fields'

/** Returns a deployment whose replicas the controller manager has set, as an autoscaler does, and everything else `kubectl`. */
export function managedDeployment(deployment: Deployment, now: number): Deployment {
  const { replicas, ...spec } = deployment.spec ?? {}
  const write = { operation: 'Update', apiVersion: 'apps/v1', time: new Date(now).toISOString().replace(/\.\d+Z$/, 'Z') } as const
  const kubectl = { ...write, manager: 'kubectl-client-side-apply', subresource: '' }
  const made = noteUpdate(undefined, { ...deployment, spec } as Deployment, kubectl)
  const scaler = { ...write, manager: 'kube-controller-manager', subresource: 'scale' }
  return noteUpdate(made, { ...made, spec: { ...spec, replicas } } as Deployment, scaler) as Deployment
}
