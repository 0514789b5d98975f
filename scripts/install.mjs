// Makes `npm start` and `npm test` work on a fresh machine: installs the packages of package-lock.json unless they are installed, and runs
// programs with the Node that the lockfile pins. Uses only built-in modules and features of Node 20. `node scripts/install.mjs` only installs.

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the checkout. */
const root = fileURLToPath(new URL('..', import.meta.url))

const windows = process.platform === 'win32'
const binaries = join(root, 'node_modules/.bin')
const pinnedNode = join(root, 'node_modules/node/bin', windows ? 'node.exe' : 'node')

/**
 * Installs the dependencies of the checkout, unless exactly those of its lockfile are installed.
 *
 * @throws Error when npm fails, or the pinned Node is missing afterwards.
 */
export function ensureInstalled() {
  ensurePackages('.')
  if (!existsSync(pinnedNode)) {
    throw new Error(
      `${pinnedNode} is missing: the install script of the package node did not run. Try: npm rebuild node --ignore-scripts=false`,
    )
  }
}

/**
 * Installs the packages that the lockfile of a folder names, unless exactly those are installed.
 *
 * @param {string} folder relative to the checkout.
 * @throws Error when npm fails.
 */
export function ensurePackages(folder) {
  if (!isInstalled(folder)) {
    console.error(`Installing the dependencies that ${join(folder, 'package-lock.json')} names (npm ci) …`)
    // In a production environment npm omits the development dependencies, which are nearly all of them. And npm must not run on the Node
    // that it is about to replace, which `npm test` puts first on the PATH.
    const PATH = process.env.PATH?.split(delimiter).filter((folder) => resolve(folder) !== binaries)
    const { status, error } = spawnSync('npm', ['ci', '--include=dev', '--loglevel=error', '--no-progress'], {
      cwd: join(root, folder),
      env: { ...process.env, PATH: PATH?.join(delimiter) },
      stdio: ['ignore', 'ignore', 'inherit'],
      shell: windows,
    })
    if (error) throw new Error(`could not start npm: ${error.message}. Check that npm, which comes with Node, is on the PATH`)
    if (status !== 0) throw new Error(`npm ci failed with exit code ${status}; see its message above`)
  }
}

/**
 * Runs a script with the pinned Node, and with node_modules/.bin first on the PATH. Forwards signals.
 *
 * @param {readonly string[]} args a script and its arguments.
 * @param {Record<string, string>} [env] variables in addition to those of this process.
 * @param {string} [folder] where it runs, relative to the checkout.
 * @returns {Promise<number>} its exit code.
 */
export function runPinned(args, env = {}, folder = '.') {
  const path = [binaries, process.env.PATH].join(delimiter)
  const child = spawn(pinnedNode, args, { cwd: join(root, folder), stdio: 'inherit', env: { ...process.env, ...env, PATH: path } })
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, () => child.kill(signal))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)))
  })
}

/**
 * Ends the process with the exit code of `main`, or with 1 and the message of its error.
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

/** @param {string} folder */
function isInstalled(folder) {
  const locked = readPackages(join(folder, 'package-lock.json'))
  const installed = readPackages(join(folder, 'node_modules/.package-lock.json'))
  // npm skips optional packages for other platforms.
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
