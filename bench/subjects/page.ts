// Runs in a page: leaves `measure` in a global for what drives it.
import { measure } from './main'

Object.assign(globalThis, { measure })
