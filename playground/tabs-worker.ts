// The Worker that reads the cluster for all tabs.
import 'kubeflect/tabs-worker'
