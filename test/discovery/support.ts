import { CustomResourceDefinition } from '../../src/discovery/custom-resource-definition'
import { KubeClient } from '../../src/http/client'
import type { FakeApiServer } from '../../src/testing'

/** A definition of widgets in the group `example.com`. */
export const widgets = (name = 'widgets', kind = 'Widget'): CustomResourceDefinition => ({
  metadata: { name: `${name}.example.com` },
  spec: {
    group: 'example.com',
    names: { plural: name, kind, shortNames: ['wd'] },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1',
        additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }],
      },
    ],
  },
})

export const define = (server: FakeApiServer, definition = widgets()): CustomResourceDefinition =>
  server.create(CustomResourceDefinition, definition)

/** A client that asks as an older one does: for one form of discovery only. */
export function clientAsking(server: FakeApiServer, accept: string): KubeClient {
  return new KubeClient({
    baseUrl: 'http://kubernetes.test',
    fetch: (request) => {
      request.headers.set('accept', accept)
      return server.fetch(request)
    },
  })
}

export const clientOf = (server: FakeApiServer): KubeClient => new KubeClient({ baseUrl: 'http://kubernetes.test', fetch: server.fetch })
