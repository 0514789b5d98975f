// Lists the questions of the bench.
import type { Question } from '../harness/question.ts'
import { bindings } from './bindings.ts'
import { layouts } from './layouts.ts'
import { list } from './list.ts'
import { memory } from './memory.ts'
import { pause } from './pause.ts'
import { queries } from './queries.ts'
import { queue } from './queue.ts'
import { resume } from './resume.ts'
import { scale } from './scale.ts'
import { size } from './size.ts'
import { storage } from './storage.ts'
import { view } from './view.ts'
import { watch } from './watch.ts'

/** Every question, in the order of the report. */
export const questions: readonly Question[] = [
  watch,
  list,
  memory,
  pause,
  resume,
  storage,
  layouts,
  scale,
  queries,
  view,
  bindings,
  queue,
  size,
]
