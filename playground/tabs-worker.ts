// The Worker that reads the cluster for all tabs.
import 'kubeflect/tabs-worker'
import { acceptEnd } from './two-tabs/end-owner.ts'

acceptEnd()
