// Runs in a Node process: calls the functions that its parent names, and sends back their results.
import process from 'node:process'
import { type Follower, follow } from './client'

const follower = await follow(JSON.parse(process.argv[2] ?? '{}'))
process.on('message', async (name: keyof Follower) => process.send?.((await follower[name]()) ?? null))
process.send?.('following')
