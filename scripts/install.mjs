// Makes `npm start` and `npm test` work on a fresh machine: installs what package-lock.json names when something else is there (or
// nothing is), and runs programs with the Node the lockfile pins, whatever Node started them. Only built-in modules may be used here,
// and only what Node 20 has. `node scripts/install.mjs` just installs.

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The checkout. */
const root = fileURLToPath(new URL('..', import.meta.url))

const windows = process.platform === 'win32'
const binaries = join(root, 'node_modules/.bin')
const pinnedNode = join(root, 'node_modules/node/bin', windows ? 'node.exe' : 'node')

/**
 * Installs the dependencies, unless exactly those of the lockfile are there.
 *
 * @throws Error when npm fails, or leaves no Node behind.
 */
export function ensureInstalled() {
  if (!isInstalled()) {
    console.error('Installing the dependencies that package-lock.json names (npm ci) …')
    // A production environment would leave out the development dependencies, which are nearly all of them. And npm must not run on
    // the very Node it is about to replace, which `npm test` has put first on the PATH.
    const PATH = process.env.PATH?.split(delimiter).filter((folder) => resolve(folder) !== binaries)
    const { status, error } = spawnSync('npm', ['ci', '--include=dev', '--loglevel=error', '--no-progress'], {
      cwd: root,
      env: { ...process.env, PATH: PATH?.join(delimiter) },
      stdio: ['ignore', 'ignore', 'inherit'],
      shell: windows,
    })
    if (error) throw new Error(`npm could not be started: ${error.message}. npm comes with Node; is it on the PATH?`)
    if (status !== 0) throw new Error(`npm ci failed with exit code ${status}; its own message is above`)
  }
  if (!existsSync(pinnedNode)) {
    throw new Error(
      `${pinnedNode} is missing: the install script of the package node did not run. Try: npm rebuild node --ignore-scripts=false`,
    )
  }
}

/**
 * Runs a script with the pinned Node, and with node_modules/.bin first on the PATH. Signals are passed on to it.
 *
 * @param {readonly string[]} args a script and its arguments.
 * @param {Record<string, string>} [env] variables to set besides those of this process.
 * @returns {Promise<number>} its exit code.
 */
export function runPinned(args, env = {}) {
  const path = [binaries, process.env.PATH].join(delimiter)
  const child = spawn(pinnedNode, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env, PATH: path } })
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, () => child.kill(signal))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)))
  })
}

/**
 * Ends the process with the exit code of `main`, or with 1 and the message of what it threw.
 *
 * @param {() => number | Promise<number>} main
 */
export async function exitWith(main) {
  try {
    process.exitCode = await main()
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}

function isInstalled() {
  const locked = readPackages('package-lock.json')
  const installed = readPackages('node_modules/.package-lock.json')
  // npm leaves out optional packages made for another platform.
  return Object.entries(locked).every(([path, { version, optional }]) => path === '' || optional || installed[path]?.version === version)
}

/**
 * @param {string} lockfile
 * @returns {Record<string, { version?: string, optional?: boolean }>}
 */
function readPackages(lockfile) {
  const path = join(root, lockfile)
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : {}
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await exitWith(() => {
    ensureInstalled()
    return 0
  })
}
