// Runs in a page: exposes `measure` as a global for the driver.
import { measure } from './main'

Object.assign(globalThis, { measure })
