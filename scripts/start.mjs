import { parseFlags } from './flags.mjs'
import { ensureInstalled, exitWith, runPinned } from './install.mjs'

const usage = `Serves the playground on http://127.0.0.1:5173, with a fake API server of its own.

  npm start -- [--port N] [--server URL]

  --port N      another port, 0 to 65535; 0 takes any free one
  --server URL  a real API server to show instead of the fake one, such as the http://127.0.0.1:8001 of kubectl proxy
  --help        this text`

await exitWith(() => {
  const options = /** @type {const} */ ({ port: { type: 'string' }, server: { type: 'string' }, help: { type: 'boolean', short: 'h' } })
  const { port = '5173', server, help } = parseFlags(process.argv.slice(2), options, usage)
  if (help) {
    console.log(usage)
    return 0
  }
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535)
    throw new Error(`--port must be a number from 0 to 65535, not ${JSON.stringify(port)}`)
  if (server !== undefined && !isHttpUrl(server)) {
    throw new Error(`--server must be an http or https URL such as http://127.0.0.1:8001, not ${JSON.stringify(server)}`)
  }
  ensureInstalled()
  const vite = ['node_modules/vite/bin/vite.js', 'playground', '--host', '127.0.0.1', '--port', port, '--strictPort']
  return runPinned(vite, server === undefined ? {} : { KUBEFLECT_SERVER: server })
})

/** @param {string} text */
function isHttpUrl(text) {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
}
