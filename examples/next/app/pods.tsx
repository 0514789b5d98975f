'use client'
// Shows the rows of the server until the page has its own, which follow the cluster.
import { KubeClient } from 'kubeflect'
import { createLive } from 'kubeflect/live'
import { KubeContext, useList } from 'kubeflect/react'
import { Pod } from 'kubeflect/resources/core/v1'
import { type Row, rowOf } from './row'

// On the server, the lists of `live` are empty and request nothing.
const live = createLive(new KubeClient({ baseUrl: typeof document === 'undefined' ? 'http://localhost' : '/k8s' }))

function Table({ first }: { first: readonly Row[] }) {
  const { rows, isReady, state } = useList(Pod, { view: { window: { limit: 50 } } })
  const shown = isReady ? rows.map(({ object }) => rowOf(object)) : first
  return (
    <main>
      <p role="status">{state}</p>
      <table>
        <tbody>
          {shown.map(({ key, name, namespace, phase, node }) => (
            <tr key={key}>
              <td>{namespace}</td>
              <td>{name}</td>
              <td>{phase}</td>
              <td>{node}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </main>
  )
}

export const Pods = ({ first }: { first: readonly Row[] }) => (
  <KubeContext value={live}>
    <Table first={first} />
  </KubeContext>
)
