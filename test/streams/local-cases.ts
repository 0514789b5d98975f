// Cases for forwarded ports and copies that run in Node, Bun and Deno, against a real API server and kubelet.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { copyFrom, copyTo, forwardPort } from 'kubeflect/local'
import { runCommand } from 'kubeflect/streams'
import { equal } from '../runtime/stage.ts'
import { ANSWER_LENGTH, casesOf, type PodCase, pattern, type StreamCase } from './runtime-cases.ts'

const cases: Readonly<Record<string, PodCase>> = {
  async '[streams/19] a forwarded port carries twenty connections at once'({ client, pod, stage }) {
    const target = { pod: pod.name }
    await using forwarded = await forwardPort(client, { namespace: pod.namespace, target, port: stage.port })
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(forwarded.port)))
    const expected = pattern(ANSWER_LENGTH)
    for (const answer of answers) if (Buffer.compare(answer, expected) !== 0) throw new Error(`an answer of ${answer.length} bytes differs`)
  },

  async '[streams/22] a folder is copied into a container and back'({ client, pod }) {
    const folder = mkdtempSync(join(tmpdir(), 'kubeflect-copy-'))
    const path = `copied-${crypto.randomUUID()}`
    try {
      const source = join(folder, 'source')
      mkdirSync(join(source, 'empty folder'), { recursive: true })
      mkdirSync(join(source, 'ä'.repeat(60), 'x'.repeat(150)), { recursive: true })
      writeFileSync(join(source, 'ä'.repeat(60), 'x'.repeat(150), 'größe 😀'), 'deep')
      writeFileSync(join(source, 'data'), pattern(3_000_001))
      writeFileSync(join(source, 'program'), '#!/bin/sh\n', { mode: 0o755 })
      await copyTo(client, source, { ...pod, path })
      await copyFrom(client, { ...pod, path }, join(folder, 'back'))
      equal(contentOf(join(folder, 'back')), contentOf(source))
      await runCommand(client, { ...pod, command: ['rm', '-r', path] })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

/** The cases of Node, Bun and Deno. */
export const localCasesOf = (pods: readonly string[]): readonly StreamCase[] => casesOf(cases, pods)

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
