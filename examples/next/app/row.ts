// A row of the table: plain data, which the server can pass to the page.
import type { Pod } from 'kubeflect/resources/core/v1'

export const rowOf = ({ metadata: { namespace, name }, status, spec }: Pod) => {
  return { key: `${namespace}/${name}`, name, namespace, phase: status?.phase, node: spec?.nodeName }
}

export type Row = ReturnType<typeof rowOf>
