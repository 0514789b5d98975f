// The owners of the object, up to the one that a user made.
import { apiVersionOf, type Entry, entryFromObject, type KubeObject, type OwnerReference, type Resource } from 'kubeflect'
import { create } from '../page.ts'
import { statusOf } from '../status.ts'
import { messageOf } from '../strip.ts'
import type { OpenPanel, PanelContext } from './panel.ts'

/** The most owners of a chain, against cycles. */
const MAX_OWNERS = 10

/** Opens the chain of owners; each of them can be opened. */
export const openOwners: OpenPanel = (host, { entry, resource }, context) => {
  const list = create('ol', { className: 'chain' })
  host.append(list)
  list.append(create('li', { ariaCurrent: 'true', textContent: `${resource.kind} ${entry.key} (this object)` }))
  void climb(entry.object, entry.namespace, { list, context }).catch((error) => {
    if (!context.signal.aborted)
      list.prepend(create('li', { className: 'nothing', textContent: `The owner cannot be read: ${messageOf(error)}.` }))
  })
  return () => undefined
}

async function climb(
  object: KubeObject,
  namespace: string,
  { list, context }: { list: HTMLElement; context: PanelContext & { signal: AbortSignal } },
): Promise<void> {
  const { client, signal, openObject } = context
  let references = object.metadata.ownerReferences
  for (let depth = 0; depth < MAX_OWNERS; depth++) {
    const reference = references?.find(({ controller }) => controller) ?? references?.[0]
    if (!reference) {
      if (depth === 0) list.append(create('li', { className: 'nothing', textContent: 'It has no owner.' }))
      return
    }
    const resource = resourceOf(reference, context)
    if (!resource) {
      list.prepend(create('li', { textContent: `${reference.kind} ${reference.name} (its kind cannot be read here)` }))
      return
    }
    const owner = await client.get(resource, reference.name, { namespace: resource.scope === 'Cluster' ? undefined : namespace, signal })
    if (owner.metadata.uid !== reference.uid) {
      list.prepend(create('li', { textContent: `${reference.kind} ${reference.name} (gone; another object has its name)` }))
      return
    }
    list.prepend(itemOf(resource, entryFromObject(owner), openObject))
    references = owner.metadata.ownerReferences
  }
}

function itemOf(resource: Resource, entry: Entry<KubeObject>, openObject: PanelContext['openObject']): HTMLElement {
  const button = create('button', { type: 'button', textContent: `${resource.kind} ${entry.key}` })
  button.addEventListener('click', () => void openObject(resource, entry))
  const status = statusOf(entry.object)
  return create('li', {}, [button, ...(status ? [create('small', { textContent: ` ${status}` })] : [])])
}

function resourceOf({ apiVersion, kind }: OwnerReference, { resources }: PanelContext): Resource | undefined {
  return resources().find((resource) => resource.kind === kind && apiVersion === apiVersionOf(resource))
}
