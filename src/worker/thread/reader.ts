// Makes the client of a page again in another thread.

import { restoreWatchOver } from '../../connections/restore'
import type { ClientSettings } from '../../http/portable'
import { KubeReader, type KubeReaderOptions } from '../../http/reader'

/** Options of {@link restoreReader}. */
export interface RestoredReaderOptions extends Pick<KubeReaderOptions, 'fetch' | 'clock' | 'onWarning'> {
  /**
   * Asks a page for a token.
   *
   * @param refused the last token, in case the server has rejected it: the page has no other one when it answers the same.
   */
  readonly requestToken: (refused: string | undefined) => Promise<string | undefined>
}

/** Makes a client that sends the requests of a page from its settings. Its tokens come from the page. */
export function restoreReader(
  { baseUrl, headers, watchOver }: ClientSettings,
  { requestToken, ...options }: RestoredReaderOptions,
): KubeReader {
  let last: string | undefined
  return new KubeReader({
    ...options,
    baseUrl,
    headers: headers.map(([name, value]): [string, string] => [name, value]),
    watchOver: watchOver && restoreWatchOver(watchOver),
    // Called only when there is no token, or the last one was refused.
    token: async () => {
      last = await requestToken(last)
      return last
    },
  })
}
