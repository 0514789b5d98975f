// Hides the values of Secrets.
import type { KubeObject } from 'kubeflect'

const MASK = '••••••'
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/** Returns the object without the values of a Secret and without their copy in the annotation of `kubectl apply`. */
export function maskSecret(object: KubeObject): object {
  if (object.kind !== 'Secret') return object
  const mask = (values: unknown) =>
    typeof values === 'object' && values !== null ? Object.fromEntries(Object.keys(values).map((name) => [name, MASK])) : MASK
  const hidden = ['data', 'stringData'].filter((member) => member in object)
  const masked = Object.fromEntries(hidden.map((member) => [member, mask(object[member as keyof KubeObject])]))
  const { annotations, ...metadata } = object.metadata ?? {}
  const shown = annotations && LAST_APPLIED in annotations ? { ...annotations, [LAST_APPLIED]: MASK } : annotations
  return { ...object, metadata: { ...metadata, ...(shown && { annotations: shown }) }, ...masked }
}
