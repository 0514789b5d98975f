// Implements `npm start`: checks the arguments and starts the playground.
import { createServer } from 'node:net'
import { parseFlags } from './flags.mjs'
import { ensureInstalled, exitWith, runPinned } from './install.mjs'

const usage = `Serves the playground on http://127.0.0.1:5173, with its own fake API server.

  npm start -- [--port N] [--server URL] [--relay]

  --port N      another port, 0 to 65535; 0 takes any free one
  --server URL  a real API server to show instead of the fake one, such as the http://127.0.0.1:8001 of kubectl proxy
  --relay       put a relay between the page and the cluster, and show the watches on both of its sides
  --help        this text`

await exitWith(async () => {
  const options = /** @type {const} */ ({
    port: { type: 'string' },
    server: { type: 'string' },
    relay: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  })
  const { port = '5173', server, relay, help } = parseFlags(process.argv.slice(2), options, usage)
  if (help) {
    console.log(usage)
    return 0
  }
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    throw new Error(`--port must be a number from 0 to 65535, got ${JSON.stringify(port)}`)
  if (server !== undefined && !isHttpUrl(server)) {
    throw new Error(`--server must be an http or https URL such as http://127.0.0.1:8001, got ${JSON.stringify(server)}`)
  }
  ensureInstalled()
  await checkPort(Number(port))
  if (server !== undefined) await checkServer(server)
  const vite = ['node_modules/vite/bin/vite.js', 'playground', '--host', '127.0.0.1', '--port', port, '--strictPort']
  return runPinned(vite, { ...(server !== undefined && { KUBEFLECT_SERVER: server }), ...(relay && { KUBEFLECT_RELAY: 'true' }) })
})

/** @param {string} text */
function isHttpUrl(text) {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
}

/**
 * Checks the port in advance, because Vite would print a stack.
 *
 * @param {number} port
 * @returns {Promise<void>}
 */
function checkPort(port) {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error) => {
      const { code } = /** @type {NodeJS.ErrnoException} */ (error)
      const why = code === 'EADDRINUSE' ? `another program listens on port ${port}` : `this user may not listen on port ${port} (${code})`
      reject(new Error(`${why}: choose another one, npm start -- --port ${port === 5173 ? 5174 : 5173}, or any free one with --port 0`))
    })
    server.listen(port, '127.0.0.1', () => server.close(() => resolve()))
  })
}

/**
 * @param {string} server
 * @returns {Promise<void>}
 */
async function checkServer(server) {
  try {
    const response = await fetch(`${server.replace(/\/+$/, '')}/version`, { signal: AbortSignal.timeout(5000) })
    await response.body?.cancel()
    if (response.ok) return
    throw new Error(`HTTP ${response.status}`)
  } catch (error) {
    const { message, cause } = /** @type {Error & { cause?: { code?: string, message?: string } }} */ (error)
    throw new Error(
      `${server} does not answer as an API server (${cause?.code ?? cause?.message ?? message}): start kubectl proxy, which needs no ` +
        'credentials, and pass its URL, npm start -- --server http://127.0.0.1:8001; omit --server for a fake cluster',
    )
  }
}
