// Queues between a reflector and a store, for programs that apply the changes themselves.

export { applyItem, type ItemStore } from './queue/apply-item'
export { DeltaFIFO, type DeltaFIFOOptions } from './queue/delta-fifo'
export { InOrderFIFO, type InOrderFIFOOptions } from './queue/in-order-fifo'
export type { Delta, KnownObjects, ObjectDelta, PopBatchOptions, PopOptions, Queue, QueueItem } from './queue/queue'
