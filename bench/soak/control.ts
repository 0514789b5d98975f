// The control of the soak test.
import type { Subject } from './subject'
import type { ServerState } from './texts'

/**
 * A control page without an informer. It holds as many texts as a page with one, receives as many messages of the same size from a Worker,
 * and drops them. Its pauses come from the machine and the engine.
 *
 * @param worker the script of `control-worker.ts`.
 */
export async function controlOf(url: string, worker: string): Promise<Subject> {
  const counts = { events: 0, lost: 0, relists: 0, errors: 0 }
  const source = new Worker(URL.createObjectURL(new Blob([worker], { type: 'text/javascript' })))
  const held: string[] = []
  let [isSynced, wake] = [false, () => {}]
  source.onmessage = ({ data }: MessageEvent<readonly string[] | null>) => {
    if (!data) isSynced = true
    else if (isSynced) counts.events += data.length
    else for (const text of data) held.push(text)
    source.postMessage('more')
    wake()
  }
  const until = async (isReached: () => boolean) => {
    while (!isReached())
      await new Promise<void>((resolve) => {
        wake = resolve
      })
  }
  source.postMessage(url)
  await until(() => isSynced)
  const { resourceVersion: first }: ServerState = await (await fetch(`${url}/state`)).json()
  return {
    counts,
    reach: (resourceVersion) => until(() => Number(first) + counts.events >= Number(resourceVersion)),
    // Read at the end, so that the engine has to keep the texts.
    state: () => void held.length,
    stop: async () => source.terminate(),
  }
}
