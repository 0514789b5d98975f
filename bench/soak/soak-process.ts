// Runs in a process of Node's: does what its parent sends the name of, and sends back what came of it.
import process from 'node:process'
import { type Follower, follow } from './client'

const follower = await follow(JSON.parse(process.argv[2] ?? '{}'))
process.on('message', async (name: keyof Follower) => process.send?.((await follower[name]()) ?? null))
process.send?.('following')
