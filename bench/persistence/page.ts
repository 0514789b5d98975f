/** The functions that the driver calls in the page. */
export { round } from './layouts'
export { steps } from './persister'
