// The Worker that reads for all tabs of a page without a server: its requests go to the cluster's Worker.
import 'kubeflect/tabs-worker'
import { acceptEnd } from '../two-tabs/end-owner.ts'
import { openPort } from './channel.ts'
import { portFetch } from './port-fetch.ts'

const { name } = globalThis as unknown as { readonly name: string }
const cluster = portFetch(openPort(name, () => cluster.fail('it started again')))
globalThis.fetch = cluster.fetch as typeof fetch

acceptEnd()
