// The entry of the IndexedDB measurements in a page: exports the functions that the driver calls.

export { round } from './layouts'
export { steps } from './persister'
