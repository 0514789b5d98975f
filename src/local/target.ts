// Finds the pods, and the port of each, that a forwarded port leads to.

import { KubeError } from '../api/errors'
import { nameSelector } from '../api/name-selector'
import type { KubeClient } from '../http/client'
import { Deployment } from '../resources/apps/v1'
import { type Pod, Service } from '../resources/core/v1'
import type { LabelSelector } from '../resources/meta/v1'
import { hasCondition } from '../wait/conditions'

/** The pods that a local port leads to: one pod, or the ready pods of a service, a deployment or a selector. */
export type ForwardTarget =
  | { readonly pod: string }
  | { readonly service: string }
  | { readonly deployment: string }
  | { readonly labelSelector: string }

/** The pods of a target. */
export interface TargetPods {
  /** Selects the pods in the namespace. */
  readonly selectors: { readonly labelSelector?: string; readonly fieldSelector?: string }
  /** Whether a pod accepts connections. */
  isReady(pod: Pod): boolean
  /**
   * The pod's port.
   *
   * @throws KubeError when the pod has no port of the name.
   */
  portOf(pod: Pod): number
}

/** Parameters of {@link resolveTarget}. */
interface TargetQuery {
  readonly namespace: string
  readonly target: ForwardTarget
  readonly port: number | string
  readonly signal?: AbortSignal | undefined
}

const isReady = hasCondition('Ready')

/**
 * Reads the service or deployment of a target.
 *
 * @param query.port a number or a name; of the service, if the target is one, and otherwise of the pods.
 * @throws ApiError when it does not exist; KubeError when the service has no such port, or no selector.
 */
export async function resolveTarget(client: KubeClient, { namespace, target, port, signal }: TargetQuery): Promise<TargetPods> {
  const portOf = (pod: Pod) => podPort(pod, port)
  const withLabels = (labelSelector: string, portIn: (pod: Pod) => number = portOf): TargetPods => ({
    selectors: { labelSelector },
    isReady: (pod) => isRunning(pod) && isReady(pod),
    portOf: portIn,
  })
  // Like kubectl, a pod that is named need not be ready: it may be forwarded to find out why.
  if ('pod' in target) return { selectors: { fieldSelector: nameSelector(target.pod) }, isReady: isRunning, portOf }
  if ('labelSelector' in target) return withLabels(target.labelSelector)
  if ('deployment' in target) {
    const { spec } = await client.get(Deployment, target.deployment, { namespace, signal })
    return withLabels(selectorText(spec?.selector ?? {}))
  }
  const { spec } = await client.get(Service, target.service, { namespace, signal })
  if (!spec?.selector || Object.keys(spec.selector).length === 0)
    throw new KubeError(`forwardPort: the service ${target.service} has no selector; forward to its pods instead`)
  const found = spec.ports?.find(({ name, port: number }) => (typeof port === 'string' ? name === port : number === port))
  if (!found) throw new KubeError(`forwardPort: the service ${target.service} has no port ${port}; ${listPorts(spec.ports)}`)
  return withLabels(selectorText({ matchLabels: spec.selector }), (pod) => podPort(pod, found.targetPort ?? found.port))
}

function listPorts(ports: readonly { name?: string; port: number }[] = []): string {
  const names = ports.map(({ name, port }) => (name ? `${name} (${port})` : String(port)))
  return names.length > 0 ? `it has ${names.join(', ')}` : 'it has none'
}

function isRunning({ metadata, status }: Pod): boolean {
  return !metadata.deletionTimestamp && status?.phase === 'Running'
}

/** Returns a pod's port by number, or by the name that one of its containers gives it. */
function podPort({ metadata, spec }: Pod, port: number | string): number {
  if (typeof port === 'number') return port
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]
  const found = containers.flatMap(({ ports = [] }) => ports).find(({ name }) => name === port)
  if (!found) throw new KubeError(`forwardPort: no container of the pod ${metadata.name} has a port named ${port}`)
  return found.containerPort
}

/** Writes a selector as the query parameter of a list. @see apimachinery `metav1.LabelSelectorAsSelector` */
export function selectorText({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const expressions = matchExpressions.map(({ key, operator, values = [] }) => {
    switch (operator) {
      case 'In':
        return `${key} in (${values.join(',')})`
      case 'NotIn':
        return `${key} notin (${values.join(',')})`
      case 'Exists':
        return key
      case 'DoesNotExist':
        return `!${key}`
      default:
        throw new KubeError(`forwardPort: the selector has the unknown operator ${operator}`)
    }
  })
  return [...Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`), ...expressions].join(',')
}
