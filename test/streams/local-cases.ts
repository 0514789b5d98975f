// Cases for forwarded ports and copies that run in Node, Bun and Deno, against a real API server and kubelet.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KubeClient } from 'kubeflect'
import { copyFrom, copyTo, forwardPort } from 'kubeflect/local'
import { runCommand } from 'kubeflect/streams'
import { equal } from '../runtime/stage.ts'
import { ANSWER_LENGTH, pattern, type StreamCase, type StreamStage } from './runtime-cases.ts'

type PodCase = (context: { client: KubeClient; name: string; stage: StreamStage }) => Promise<void>

const cases: Readonly<Record<string, PodCase>> = {
  async '[streams/19] a forwarded port carries twenty connections at once'({ client, name, stage }) {
    const { namespace, port } = stage
    await using forwarded = await forwardPort(client, { namespace, target: { pod: name }, port })
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(forwarded.port)))
    const expected = pattern(ANSWER_LENGTH)
    for (const answer of answers) if (Buffer.compare(answer, expected) !== 0) throw new Error(`an answer of ${answer.length} bytes differs`)
  },

  async '[streams/22] a folder is copied into a container and back'({ client, name, stage }) {
    const { namespace } = stage
    const folder = mkdtempSync(join(tmpdir(), 'kubeflect-copy-'))
    const path = `copied-${crypto.randomUUID()}`
    try {
      const source = join(folder, 'source')
      mkdirSync(join(source, 'empty folder'), { recursive: true })
      mkdirSync(join(source, 'ä'.repeat(60), 'x'.repeat(150)), { recursive: true })
      writeFileSync(join(source, 'ä'.repeat(60), 'x'.repeat(150), 'größe 😀'), 'deep')
      writeFileSync(join(source, 'data'), pattern(3_000_001))
      writeFileSync(join(source, 'program'), '#!/bin/sh\n', { mode: 0o755 })
      await copyTo(client, source, { namespace, name, path })
      await copyFrom(client, { namespace, name, path }, join(folder, 'back'))
      equal(contentOf(join(folder, 'back')), contentOf(source))
      await runCommand(client, { namespace, name, command: ['rm', '-r', path] })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

const titleOf = (title: string, name: string) => `${title} (${name})`

/** The titles of the cases. */
export function localTitles(pods: readonly string[]): string[] {
  return pods.flatMap((name) => Object.keys(cases).map((title) => titleOf(title, name)))
}

/** The cases, once for each pod. */
export function localCasesOf(pods: readonly string[]): readonly StreamCase[] {
  return pods.flatMap((name) =>
    Object.entries(cases).map(([title, run]) => ({
      title: titleOf(title, name),
      async run(stage: StreamStage) {
        const { [Symbol.asyncDispose]: dispose, ...options } = await stage.connect()
        try {
          await run({ client: new KubeClient(options), name, stage })
        } finally {
          await dispose?.()
        }
      },
    })),
  )
}

/** Sends a line to a local port, and returns the bytes until the connection closes. */
function ask(port: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    const socket = connect(port, '127.0.0.1', () => socket.write('send\n'))
    socket
      .on('data', (part: Buffer) => parts.push(part))
      .on('end', () => resolve(Buffer.concat(parts)))
      .on('error', reject)
  })
}

/** The folders and files below a folder, with their length, first bytes and whether they can be run. */
function contentOf(folder: string): Record<string, string> {
  const names = (readdirSync(folder, { recursive: true }) as string[]).sort()
  return Object.fromEntries(
    names.map((name) => {
      const path = join(folder, name)
      const info = statSync(path)
      if (info.isDirectory()) return [name, 'folder']
      const bytes = readFileSync(path)
      const sum = bytes.reduce((total, byte, i) => (total + byte * (i % 65_521)) % 4_294_967_291, 0)
      return [name, `${bytes.length} ${sum} ${info.mode & 0o111 ? 'runs' : ''}`]
    }),
  )
}
