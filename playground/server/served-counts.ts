// Counts what a cluster is asked for.

/** The lists and watches that a cluster was asked for so far. A watch that begins with the initial state counts as both. */
export class ServedCounts {
  lists = 0
  watches = 0

  /** Counts a request with the path of an API server. */
  count({ method, url }: Request): void {
    const { pathname, searchParams } = new URL(url)
    if (method !== 'GET' || !COLLECTION.test(pathname)) return
    const isWatch = searchParams.get('watch') === 'true' || searchParams.get('watch') === '1'
    if (isWatch) this.watches++
    // A list of one object asks for the server's version.
    if (isWatch ? searchParams.get('sendInitialEvents') === 'true' : searchParams.get('limit') !== '1') this.lists++
  }
}

const COLLECTION = /^\/(api\/v1|apis\/[^/]+\/[^/]+)(\/namespaces\/[^/]+)?\/[^/]+$/
