// The subresources of the fake server.

import type { KubeObject } from '../api/object'
import type { Entry } from '../codec/entry'
import { errorOf, failure } from '../watch-cache/failures'
import { jsonResponse } from '../watch-cache/protocol'
import { type Collection, copyOf, type ObjectName } from './collection'
import { isJsonObject, type JsonObject } from './json'

/** Returns the `scale` subresource of an object. */
export function scaleOf(object: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const { spec, status } = object as KubeObject & { spec?: JsonObject; status?: JsonObject }
  const { matchLabels } = isJsonObject(spec?.selector) ? spec.selector : {}
  const selector = Object.entries(isJsonObject(matchLabels) ? matchLabels : {}).map((pair) => pair.join('='))
  const scale = {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: spec?.replicas ?? 1 },
    status: { replicas: status?.replicas ?? 0, selector: selector.join(',') },
  }
  return scale as KubeObject
}

/** Returns the object with the replicas of a scale. */
export function withScale(object: KubeObject, scale: KubeObject): KubeObject {
  const { spec } = object as KubeObject & { spec?: JsonObject }
  const { replicas } = (scale as KubeObject & { spec?: JsonObject }).spec ?? {}
  const metadata = { ...object.metadata, resourceVersion: scale.metadata.resourceVersion ?? '' }
  return { ...object, metadata, spec: { ...spec, replicas } } as KubeObject
}

/** Returns a response with the scale of an object. */
export const scaleResponse = (entry: Entry<KubeObject>): Response => jsonResponse(`${JSON.stringify(scaleOf(copyOf(entry)))}\n`)

/** Binds a pod to a node. @throws ApiError 404, or 409 when it is already bound */
export function bindPod(pods: Collection, at: ObjectName, binding: KubeObject): void {
  const pod = copyOf(pods.get(at)) as KubeObject & { spec?: { nodeName?: string } }
  const { target } = binding as KubeObject & { target?: JsonObject }
  if (pod.spec?.nodeName) {
    const message = `Operation cannot be fulfilled on pods/binding "${at.name}": pod ${at.name} is already assigned to node "${pod.spec.nodeName}"`
    throw errorOf(failure(409, 'Conflict', message, { name: at.name, kind: 'pods/binding' }), { method: 'POST', url: 'pods/binding' })
  }
  pods.update({ ...pod, spec: { ...pod.spec, nodeName: target?.name } } as KubeObject, at, 'main')
}
