// Subpath `kubeflect/kubeconfig`: connects a KubeClient with a kubeconfig or a pod’s service account.

export type { ClusterConnection } from './kubeconfig/connection'
export { isKubeconfigError, KubeconfigError } from './kubeconfig/error'
export type { Host, RunOptions } from './kubeconfig/host'
export { inClusterConfig, type KubeconfigOptions, loadKubeconfig } from './kubeconfig/load'
