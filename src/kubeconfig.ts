export type { ClusterConnection } from './kubeconfig/connection'
export { isKubeconfigError, KubeconfigError } from './kubeconfig/error'
export type { Host, RunOptions } from './kubeconfig/host'
export { inClusterConfig, type KubeconfigOptions, loadKubeconfig } from './kubeconfig/load'
