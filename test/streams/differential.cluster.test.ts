// Compares exec and attach with kubectl on the same kubelet: arguments, input, outputs and exit codes.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { KubeClient } from '../../src/http/client'
import { openInNode } from '../../src/socket/node'
import { attach, type ExecOptions, exec } from '../../src/streams/exec'
import type { ExecProcess } from '../../src/streams/process'
import { buildCluster } from '../cluster/build.ts'
import { type StreamingKubelet, type StreamRecord, startStreamingKubelet } from '../cluster/streaming-kubelet.ts'
import { describeCluster } from '../cluster/suite.ts'

/** What a command was given, and what came of it. */
interface Result {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  /** What the kubelet saw of it. */
  readonly seen: Pick<StreamRecord, 'kind' | 'command' | 'stdin'>
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const collected = async (stream: ReadableStream<Uint8Array>) =>
  hex(new Uint8Array(await new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer()))

describeCluster('exec and attach beside kubectl', (cluster) => {
  let kubelet: StreamingKubelet
  let binary: string
  let client: KubeClient
  beforeAll(async () => {
    kubelet = await startStreamingKubelet(cluster())
    binary = await buildCluster()
    const { serverUrl, certificateAuthority: ca, adminToken } = cluster()
    client = new KubeClient({ baseUrl: serverUrl, token: adminToken, webSocket: (request) => openInNode(request, { tls: { ca } }) })
  })
  afterAll(() => kubelet?.[Symbol.asyncDispose]())

  const lastSeen = async (): Promise<Result['seen']> => {
    await kubelet.idle()
    const { kind, command, stdin } = (await kubelet.state()).streams.at(-1) as StreamRecord
    return { kind, ...(command && { command }), stdin }
  }

  /** Runs kubectl. */
  async function kubectl(
    verb: 'exec' | 'attach',
    name: string,
    input: Uint8Array | undefined,
    command: readonly string[],
  ): Promise<Result> {
    const flags = [`--kubeconfig=${cluster().kubeconfig}`, '-n', kubelet.namespace, ...(input ? ['-i'] : []), '--quiet', name]
    const child = spawn(binary, ['kubectl', verb, ...flags, ...(verb === 'exec' ? ['--', ...command] : [])])
    const out: Uint8Array[] = []
    const err: Uint8Array[] = []
    child.stdout.on('data', (data) => out.push(data))
    child.stderr.on('data', (data) => err.push(data))
    child.stdin.on('error', () => undefined)
    child.stdin.write(input ?? '')
    // The end of the input would end an attachment.
    if (verb === 'exec') child.stdin.end()
    const [code] = await once(child, 'close')
    // kubectl adds a line of its own.
    const stderr = Buffer.concat(err)
      .toString('latin1')
      .replace(/command terminated with exit code \d+\n$/, '')
    return { code, stdout: hex(Buffer.concat(out)), stderr: hex(Buffer.from(stderr, 'latin1')), seen: await lastSeen() }
  }

  async function resultOf(process: ExecProcess, sent: Promise<unknown>): Promise<Result> {
    const [stdout, stderr, { code }] = await Promise.all([collected(process.stdout), collected(process.stderr), process.exit, sent])
    return { code, stdout, stderr, seen: await lastSeen() }
  }

  /** Runs a command with kubeflect. */
  async function ours(verb: 'exec' | 'attach', name: string, input: Uint8Array | undefined, command: readonly string[]): Promise<Result> {
    const pod = { namespace: kubelet.namespace, name }
    if (!input) {
      await using process = verb === 'exec' ? await exec(client, { ...pod, command }) : await attach(client, pod)
      return await resultOf(process, Promise.resolve())
    }
    await using process =
      verb === 'exec'
        ? await exec(client, { ...pod, command, stdin: true } satisfies ExecOptions)
        : await attach(client, { ...pod, stdin: true })
    // A command may end before it has read its input. Its end would end an attachment.
    const body = new Blob([input as BlobPart]).stream()
    const sent = body.pipeTo(process.stdin, { preventClose: verb === 'attach' }).catch(() => undefined)
    return await resultOf(process, sent)
  }

  const bytes = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 255)

  describe.each(['translated', 'passed'])('on the node %s', (name) => {
    test.each<[title: string, command: readonly string[], input?: Uint8Array]>([
      ['both outputs and a code', ['sh', '-c', 'printf out; printf err >&2; exit 7']],
      ['an exit code of 255', ['sh', '-c', 'exit 255']],
      ['no output', ['true']],
      [
        'arguments with spaces, quotes, line breaks, UTF-8, options, and an empty one',
        ['printf', '[%s]\\n', 'a b', '"\'$x', 'l\nf', 'größe ☃ 🙂', '--', '-n', '', '&=?#%+'],
      ],
      ['binary output', ['sh', '-c', 'head -c 100000 /dev/zero; printf "\\377\\000\\200"']],
      ['an input that is echoed', ['cat'], bytes(300_000)],
      ['an empty input', ['wc', '-c'], new Uint8Array(0)],
      ['an input that the command reads in part', ['head', '-c', '5'], bytes(10)],
      ['a working directory', ['pwd']],
    ])('equal results: %s', async (_, command, input) => {
      const expected = await kubectl('exec', name, input, command)
      const actual = await ours('exec', name, input, command)
      expect(actual).toEqual(expected)
      expect(actual.seen.command).toEqual(command)
    })

    test('equal results for random arguments, inputs and codes', async () => {
      // No NUL: an argument of a program cannot have one.
      const argument = fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.replaceAll('\0', ''))
      await fc.assert(
        fc.asyncProperty(
          fc.array(argument, { maxLength: 4 }),
          fc.uint8Array({ maxLength: 2_000 }),
          fc.nat(255),
          async (args, input, code) => {
            const command = ['sh', '-c', `printf '[%s]' "$@"; cat; exit ${code}`, 'sh', ...args]
            expect(await ours('exec', name, input, command)).toEqual(await kubectl('exec', name, input, command))
          },
        ),
        { numRuns: 15 },
      )
    })

    test('equal results for attach: the output from now on, and the input', async () => {
      const command = ['sh', '-c', 'while read line; do echo "got $line"; [ "$line" = end ] && exit 3; done']
      const input = new TextEncoder().encode('one\ntwo\nend\n')
      await kubelet.start(name, command)
      const expected = await kubectl('attach', name, input, [])
      await kubelet.start(name, command)
      expect(await ours('attach', name, input, [])).toEqual(expected)
      expect(Buffer.from(expected.stdout, 'hex').toString()).toBe('got one\ngot two\ngot end\n')
    })
  })
})
