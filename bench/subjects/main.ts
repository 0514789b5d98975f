// The table of subjects, and the entry that measures one of them.

import { bytes, floor, floorAndMap, listBytes, parsedObjects, responseJson } from './floors'
import { kubeflect, pages } from './kubeflect'
import { arrays, queries } from './queries'
import { firstVisit, steady, visit } from './stored'
import type { Metrics, Subject, Task } from './task'
import { arrayView, view } from './view'
import { queueFloor, workQueue, workQueueBatches, workQueueLoop } from './work-queue'

const subjects: Readonly<Record<string, Subject>> = {
  bytes,
  floor,
  floorAndMap,
  listBytes,
  responseJson,
  parsedObjects,
  arrays,
  arrayView,
  kubeflect,
  'kubeflect/pages': pages,
  'kubeflect/firstVisit': firstVisit,
  'kubeflect/visit': visit,
  'kubeflect/steady': steady,
  'kubeflect/queries': queries,
  'kubeflect/view': view,
  // React is for pages only.
  headlamp: async (task) => (await import('./bindings')).headlamp(task),
  'kubeflect/bindings': async (task) => (await import('./bindings')).kubeflect(task),
  queueFloor,
  'kubeflect/workQueue': workQueue,
  'kubeflect/workQueueBatches': workQueueBatches,
  'kubeflect/workQueueLoop': workQueueLoop,
}

/** Measures the subject of a task in any runtime. */
export async function measure(task: Task): Promise<Metrics> {
  const subject = subjects[task.subject]
  if (!subject) throw new TypeError(`there is no subject '${task.subject}', only ${Object.keys(subjects).join(', ')}`)
  return subject(task)
}
