// Runs Workers in workerd, each process on the storage of the one before.
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Miniflare } from 'miniflare'
import { build, type Rollup } from 'vite'
import { parse } from 'yaml'
import { sourceAlias } from '../../scripts/source-alias.ts'

export const example = join(import.meta.dirname, '../../examples/cloudflare')

interface WranglerConfig {
  readonly compatibility_date: string
  readonly compatibility_flags: string[]
  readonly durable_objects: { readonly bindings: readonly [{ readonly name: string; readonly class_name: string }] }
  readonly migrations: readonly [{ readonly new_sqlite_classes: readonly string[] }]
}

/** The configuration of the example. Comments apart, JSON is YAML. */
export const config = parse(readFileSync(join(example, 'wrangler.jsonc'), 'utf8').replace(/^\s*\/\/.*$/gm, '')) as WranglerConfig

/** A process of workerd. */
export interface RunningWorker {
  /** Sends a request. The dev server holds pieces of a compressed watch back, so none is compressed. */
  fetch(path: string): Promise<Response>
  stop(): Promise<void>
}

/** A Worker with the bindings of the example, and its storage. */
export class Workerd implements AsyncDisposable {
  readonly #script: string
  readonly #apiServer: string
  readonly #storage = mkdtempSync(join(tmpdir(), 'kubeflect-workerd-'))
  readonly #running = new Set<Miniflare>()

  private constructor(script: string, apiServer: string) {
    this.#script = script
    this.#apiServer = apiServer
  }

  /** Bundles a Worker like wrangler does. @param apiServer the URL of the API server */
  static async of(entry: string, apiServer: string): Promise<Workerd> {
    const built = await build({
      configFile: false,
      logLevel: 'error',
      resolve: { alias: sourceAlias },
      build: {
        write: false,
        target: 'es2022',
        lib: { entry, formats: ['es'], fileName: 'worker' },
        rolldownOptions: { external: [/^(node|cloudflare):/, 'ky'], output: { codeSplitting: false } },
      },
    })
    const [{ output }] = [built].flat() as Rollup.RollupOutput[] as [Rollup.RollupOutput]
    return new Workerd(output[0].code, apiServer)
  }

  /** Starts a process on the storage of the one before. */
  async start(): Promise<RunningWorker> {
    const [{ name, class_name: className }] = config.durable_objects.bindings
    const miniflare = new Miniflare({
      modules: [{ type: 'ESModule', path: 'worker.js', contents: this.#script }],
      compatibilityDate: config.compatibility_date,
      compatibilityFlags: config.compatibility_flags,
      durableObjects: { [name]: { className, useSQLite: true } },
      durableObjectsPersist: this.#storage,
      bindings: { API_SERVER: this.#apiServer },
    })
    this.#running.add(miniflare)
    const url = await miniflare.ready
    return {
      fetch: (path) => fetch(new URL(path, url), { headers: { 'accept-encoding': 'identity' } }),
      stop: () => {
        this.#running.delete(miniflare)
        return miniflare.dispose()
      },
    }
  }

  /** The text of the database files, in which rows are readable. */
  get stored(): string {
    return globSync(`${this.#storage}/**/*.sqlite*`)
      .map((file) => readFileSync(file, 'latin1'))
      .join('')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const miniflare of this.#running) await miniflare.dispose()
    rmSync(this.#storage, { recursive: true, force: true })
  }
}
