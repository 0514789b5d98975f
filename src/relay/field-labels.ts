// The field labels and list items of the resources that Kubernetes itself has.

import { type Resource, resourceName } from '../api/resource'
import type { FieldLabels } from '../watch-cache/matcher'

/**
 * The fields that selectors may use besides name and namespace, with the value for objects that lack them.
 *
 * @see kubernetes `pkg/apis/<group>/<version>/conversion.go` and `pkg/registry/<group>/<resource>/strategy.go`
 */
const LABELS: Readonly<Record<string, FieldLabels>> = {
  pods: {
    'spec.nodeName': '',
    'spec.restartPolicy': '',
    'spec.schedulerName': '',
    'spec.serviceAccountName': '',
    'spec.hostNetwork': 'false',
    'status.phase': '',
    'status.podIP': '',
    'status.nominatedNodeName': '',
  },
  nodes: { 'spec.unschedulable': 'false' },
  namespaces: { 'status.phase': '' },
  secrets: { type: '' },
  services: { 'spec.clusterIP': '', 'spec.type': '' },
  replicationcontrollers: { 'status.replicas': '0' },
  'replicasets.apps': { 'status.replicas': '0' },
  'jobs.batch': { 'status.successful': '0' },
  'certificatesigningrequests.certificates.k8s.io': { 'spec.signerName': '' },
}

/** The groups of built-in resources besides those below `k8s.io`. */
const BUILT_IN_GROUPS = ['', 'apps', 'autoscaling', 'batch', 'extensions', 'policy']
/** The groups below `k8s.io` that are built in. Others belong to custom resources, such as `gateway.networking.k8s.io`. */
const BUILT_IN_K8S_GROUPS =
  /^(admissionregistration|apiextensions|apiregistration|authentication|authorization|certificates|coordination|discovery|events|flowcontrol\.apiserver|internal\.apiserver|networking|node|rbac\.authorization|resource|scheduling|storage|storagemigration)\.k8s\.io$/

/** Returns the field labels of a resource. */
export const fieldLabelsOf = (resource: Resource): FieldLabels => LABELS[resourceName(resource)] ?? {}

/** Whether the items of the resource's lists have `kind` and `apiVersion`, as those of custom resources do. */
export const itemTypesOf = ({ group }: Resource): 'keep' | 'omit' =>
  BUILT_IN_GROUPS.includes(group) || BUILT_IN_K8S_GROUPS.test(group) ? 'omit' : 'keep'
