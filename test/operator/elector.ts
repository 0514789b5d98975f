// A replica for the tests of leader elections: prints the time of each moment at which it leads for certain.

import { KubeClient } from 'kubeflect'
import { isLeadershipLostError, LeaderElection } from 'kubeflect/operator'

const [baseUrl, namespace = '', name = '', identity = ''] = process.argv.slice(2)
const stop = new AbortController()
process.once('SIGTERM', () => stop.abort())
const client = new KubeClient({ baseUrl })
const times = { leaseDurationMs: 3000, renewDeadlineMs: 2000, retryPeriodMs: 500 }

while (!stop.signal.aborted) {
  const election = new LeaderElection(client, { namespace, name, identity, ...times })
  try {
    await election.run(
      async (term) => {
        while (!term.signal.aborted) {
          const now = Date.now()
          term.assertLeading()
          console.log(now)
          await new Promise((resolve) => setTimeout(resolve, 10))
        }
      },
      { signal: stop.signal },
    )
  } catch (error) {
    if (!isLeadershipLostError(error)) throw error
  }
}
