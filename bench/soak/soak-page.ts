// Runs in a page: leaves `follow` in a global for what drives it.
import { follow } from './client'

Object.assign(globalThis, { follow })
