// Runs in a page: exposes `follow` as a global for the driver.
import { follow } from './client'

Object.assign(globalThis, { follow })
