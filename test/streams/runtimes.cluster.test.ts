// Tests for exec, ports and files in each runtime, against a real API server and kubelet, on both paths to it.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Miniflare } from 'miniflare'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { freePorts } from '../cluster/component.ts'
import { type StreamingKubelet, startStreamingKubelet } from '../cluster/streaming-kubelet.ts'
import { describeCluster } from '../cluster/suite.ts'
import { bundle } from '../runtime/bundle.ts'
import { program } from '../runtime/describe-runtime.ts'
import { bunCommand, type CommandLine, denoCommand, nodeCommand, olderNodeCommand } from '../runtime/programs.ts'
import type { CaseResult } from '../runtime/run-cases.ts'
import { createProfile, launchChromium, memoryOf, type Profile } from '../support/chromium.ts'
import { isThorough } from '../support/thorough.ts'
import { type PodServer, startPodServer } from './cluster-support.ts'
import { localCasesOf } from './local-cases.ts'
import { ANSWER_LENGTH, pattern, streamCasesOf } from './runtime-cases.ts'
import type { StreamTarget } from './runtimes/program.ts'

const pods = isThorough ? ['translated', 'passed'] : ['passed']
const entry = (name: string) => join(import.meta.dirname, `runtimes/${name}.ts`)

// Files for `kubectl proxy` to serve, so that the page has the origin of the proxy.
const www = mkdtempSync(join(tmpdir(), 'kubeflect-www-'))
writeFileSync(join(www, 'index.html'), '<!doctype html>')
afterAll(() => rmSync(www, { recursive: true, force: true }))

describeCluster(
  'streams in',
  (cluster) => {
    let kubelet: StreamingKubelet
    let server: PodServer
    let closedPort: number
    beforeAll(async () => {
      kubelet = await startStreamingKubelet(cluster())
      server = await startPodServer((socket) => void socket.once('data', () => socket.end(pattern(ANSWER_LENGTH))))
      ;[closedPort = 0] = await freePorts(1)
    })
    afterAll(async () => {
      await server?.[Symbol.asyncDispose]()
      await kubelet?.[Symbol.asyncDispose]()
    })

    /** All cases run once; each has a test that says how it went. */
    const testCases = (
      hasBackpressure: boolean,
      run: (target: Omit<StreamTarget, 'kubeconfig'>) => Promise<readonly CaseResult[]>,
      further: readonly string[] = [],
    ) => {
      let results: readonly CaseResult[] = []
      beforeAll(async () => {
        const { namespace } = kubelet
        results = await run({ pods, namespace, port: server.port, closedPort, hasBackpressure, baseUrl: cluster().proxyUrl })
      }, 180_000)
      for (const title of [...streamCasesOf({ pods, hasBackpressure }).map((one) => one.title), ...further])
        test(title, () => expect(results.find((result) => result.title === title)).toEqual({ title }))
      test('leaves no connection open', () => kubelet.idle())
    }

    describe('a program:', () => {
      beforeAll(() => bundle(inject('runtimeProject'), { entry: entry('program'), name: 'streams', how: 'package left out' }))
      const older = olderNodeCommand()
      const runs: readonly [name: string, command: CommandLine, over: 'TLS' | 'kubectl proxy', hasBackpressure: boolean][] = [
        [`Node ${process.versions.node}`, [...nodeCommand, '--expose-gc'], 'TLS', true],
        ['Node 22', !isThorough || 'skipped' in older ? [] : [...older.command, '--expose-gc'], 'TLS', true],
        ['Bun', bunCommand, 'TLS', true],
        ['Deno', denoCommand, 'TLS', false],
        ['Deno with --unstable-net', [...denoCommand, '--unstable-net'], 'kubectl proxy', true],
      ]
      for (const [name, command, over, hasBackpressure] of runs)
        describe.skipIf(command.length === 0)(`${name}, over ${over}`, () => {
          const { run, further } = program([...command, 'streams.js'])
          const serverOf = (baseUrl: string | undefined) => (over === 'TLS' ? { kubeconfig: cluster().kubeconfig } : { baseUrl })
          testCases(hasBackpressure, ({ baseUrl, ...target }) => run({ ...target, ...serverOf(baseUrl) }), [
            ...localCasesOf(pods).map(({ title }) => title),
            ...further,
          ])
        })
    })

    describe('workerd, over kubectl proxy', () => {
      testCases(false, async (target) => {
        const project = inject('runtimeProject')
        await bundle(project, { entry: entry('workerd'), name: 'streams-workerd', how: 'package included' })
        const miniflare = new Miniflare({
          modules: true,
          modulesRoot: project,
          scriptPath: join(project, 'streams-workerd.js'),
          compatibilityDate: '2026-05-01',
        })
        try {
          const response = await miniflare.dispatchFetch('http://cases/', { method: 'POST', body: JSON.stringify(target) })
          return (await response.json()) as CaseResult[]
        } finally {
          await miniflare.dispose()
        }
      })
    })

    describe('Chromium', () => {
      let script: string
      beforeAll(async () => {
        const project = inject('runtimeProject')
        await bundle(project, { entry: entry('chromium'), name: 'streams-chromium', how: 'package included' })
        script = `data:text/javascript;base64,${readFileSync(join(project, 'streams-chromium.js')).toString('base64')}`
      })
      /** Calls a function of the script with each of the options, in a page of its own that `kubectl proxy` serves. */
      const inPages = async <Result>(name: 'run' | 'runWithToken', all: readonly object[]): Promise<Result[]> => {
        await using profile: Profile = await createProfile()
        const browser = await launchChromium(profile, { ignoreHTTPSErrors: true, args: ['--js-flags=--expose-gc'] })
        const results: Result[] = []
        try {
          for (const options of all) {
            const page: Page = await browser.newPage()
            await page.exposeFunction('memory', async () => {
              await page.evaluate('window.gc()')
              return memoryOf(profile)
            })
            await page.goto(`${cluster().proxyUrl}/static/index.html`)
            const call = `import(${JSON.stringify(script)}).then((cases) => cases.${name}(${JSON.stringify(options)}, () => window.memory()))`
            results.push((await page.evaluate(call)) as Result)
            await page.close()
          }
        } finally {
          await browser.close()
        }
        return results
      }
      const runInPages = async (target: Omit<StreamTarget, 'kubeconfig'>) => {
        const all = streamCasesOf(target).map(({ title }) => ({ ...target, title }))
        return (await inPages<CaseResult[]>('run', all)).flat()
      }

      describe('with WebSocketStream, over kubectl proxy', () => {
        testCases(true, runInPages)
      })

      describe.skipIf(!isThorough)('without WebSocketStream, as other browsers, over kubectl proxy', () => {
        testCases(false, runInPages)
      })

      test('a page reaches the API server itself with its token in a subprotocol, although its origin is another', async () => {
        const { serverUrl: baseUrl, adminToken: token } = cluster()
        const { namespace } = kubelet
        const all = pods.map((name) => ({ baseUrl, token, namespace, name }))
        const hello = { code: 0, stdout: 'hello\n', stderr: '' }
        expect(await inPages('runWithToken', all)).toEqual(pods.map(() => hello))
      })
    })
  },
  { proxyFlags: ['--reject-paths=^$', `--www=${www}`, '--www-prefix=/static/'] },
)
