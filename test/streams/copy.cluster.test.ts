// Tests for files of containers against a real API server and kubelet, on both paths to it, and beside `kubectl cp`.

import { randomBytes } from 'node:crypto'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { KubeClient } from '../../src/http/client'
import { type ClusterConnection, loadKubeconfig } from '../../src/kubeconfig'
import { copyFrom, copyTo, type SkippedEntry } from '../../src/local'
import { isStreamOverflowError } from '../../src/streams/errors'
import { isExitError } from '../../src/streams/exit-error'
import { readFile, writeFile } from '../../src/streams/file'
import { runCommand } from '../../src/streams/run'
import { type StreamingKubelet, startStreamingKubelet } from '../cluster/streaming-kubelet.ts'
import { describeCluster } from '../cluster/suite.ts'
import { hashOf } from './cluster-support.ts'
import { bytesOf, failure } from './outcomes.ts'

/** The folders, files and links below a folder, with what they hold. */
function contentOf(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  return Object.fromEntries(
    entries.map((name) => {
      const path = join(folder, name)
      const info = lstatSync(path)
      if (info.isSymbolicLink()) return [name, `link to ${readlinkSync(path)}`]
      return [name, info.isDirectory() ? 'folder' : hashOf(readFileSync(path))]
    }),
  )
}

/** Creates a tree with everything that names and files can be. */
function createTree(folder: string): void {
  mkdirSync(join(folder, 'empty folder'), { recursive: true })
  const long = join(folder, 'ä'.repeat(60), 'x'.repeat(200))
  mkdirSync(long, { recursive: true })
  writeFileSync(join(long, 'größe 😀 and spaces'), 'deep')
  writeFileSync(join(folder, 'n'.repeat(255)), 'a name of 255 bytes')
  writeFileSync(join(folder, 'empty'), '')
  writeFileSync(join(folder, '-rf'), 'a name like an option')
  writeFileSync(join(folder, 'quote " \' `$(id)`'), 'a name like a command')
  writeFileSync(join(folder, 'program'), '#!/bin/sh\n', { mode: 0o755 })
  writeFileSync(join(folder, 'data'), randomBytes(3_000_001))
}

describeCluster('files of containers on a real cluster', (cluster) => {
  let kubelet: StreamingKubelet
  let connection: ClusterConnection
  let client: KubeClient
  let folder: string
  beforeAll(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'kubeflect-copies-')))
    kubelet = await startStreamingKubelet(cluster())
    connection = await loadKubeconfig({ path: cluster().kubeconfig })
    client = new KubeClient(connection)
  })
  afterAll(async () => {
    await connection?.close()
    await kubelet?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })
  const pod = (name: string) => ({ namespace: kubelet.namespace, name })
  const kubectlCopy = (from: string, to: string) => cluster().kubectl(['cp', '-n', kubelet.namespace, from, to])

  describe.each(['translated', 'passed'])('on the node %s', (node) => {
    const inContainer = (...parts: string[]) => join(kubelet.folder, node, ...parts)
    const local = (...parts: string[]) => join(folder, node, ...parts)
    beforeAll(() => {
      for (const path of [inContainer(), local()]) mkdirSync(path, { recursive: true })
      createTree(inContainer('tree'))
    })

    test('[streams/21] runCommand with an input gives the code and both texts; a longer output is a StreamOverflowError', async () => {
      const command = ['sh', '-c', 'tr a-z A-Z; echo err >&2; exit 3']
      expect(await runCommand(client, { ...pod(node), command, input: 'größe' })).toEqual({ code: 3, stdout: 'GRößE', stderr: 'err\n' })
      const error = await failure(
        runCommand(client, { ...pod(node), command: ['head', '-c', '2000000', '/dev/zero'], maxOutput: 1_000_000 }),
      )
      expect(isStreamOverflowError(error) && [error.stream, error.limit]).toEqual(['stdout', 1_000_000])
    })

    test('[streams/21] a file of 20 MB is written and read unchanged, relative or absolute', async () => {
      const data = randomBytes(20_000_000)
      await writeFile(client, { ...pod(node), path: inContainer('written') }, new Blob([data]))
      expect(hashOf(readFileSync(inContainer('written')))).toBe(hashOf(data))
      const content = await readFile(client, { ...pod(node), path: join(node, 'written') })
      expect(hashOf(await bytesOf(content))).toBe(hashOf(data))
    })

    test('[streams/21] what cannot be read or written rejects with the message of the program', async () => {
      const reading = await failure(readFile(client, { ...pod(node), path: '/none' }))
      expect(isExitError(reading) && [reading.code, reading.message]).toEqual([
        1,
        expect.stringContaining('/none: No such file or directory'),
      ])
      const writing = await failure(writeFile(client, { ...pod(node), path: '/none/x' }, 'text'))
      expect(isExitError(writing) && writing.message).toContain('/none/x: No such file or directory')
    })

    test('[streams/22] a folder is copied from a container as kubectl copies it, with its permissions', async () => {
      const result = await copyFrom(client, { ...pod(node), path: inContainer('tree') }, local('ours'))
      await kubectlCopy(`${node}:${inContainer('tree')}`, local('kubectl'))
      expect(contentOf(local('ours'))).toEqual(contentOf(local('kubectl')))
      expect(contentOf(local('ours'))).toEqual(contentOf(inContainer('tree')))
      expect(result).toMatchObject({ files: 7, skipped: 0 })
      // kubectl loses this.
      expect(statSync(local('ours', 'program')).mode & 0o777).toBe(0o755)
    })

    test('[streams/22] a folder is copied to a container as kubectl copies it, with its links', async () => {
      createTree(local('source'))
      symlinkSync('data', local('source', 'link'))
      symlinkSync('t'.repeat(200), local('source', 'dangling'))
      const result = await copyTo(client, local('source'), { ...pod(node), path: inContainer('ours') })
      await kubectlCopy(local('source'), `${node}:${inContainer('kubectl')}`)
      expect(contentOf(inContainer('ours'))).toEqual(contentOf(inContainer('kubectl')))
      expect(contentOf(inContainer('ours'))).toEqual(contentOf(local('source')))
      expect(result).toMatchObject({ files: 7, skipped: 0 })
      expect(statSync(inContainer('ours', 'program')).mode & 0o777).toBe(0o755)
    })

    test('[streams/22] a backslash in a name is kept, where kubectl takes it for the separator of folders', async () => {
      const name = 'back\\slash'
      mkdirSync(inContainer('named'))
      writeFileSync(inContainer('named', name), 'text')
      await copyFrom(client, { ...pod(node), path: inContainer('named') }, local('named-ours'))
      await kubectlCopy(`${node}:${inContainer('named')}`, local('named-kubectl'))
      expect(readdirSync(local('named-ours'))).toEqual([name])
      expect(readdirSync(local('named-kubectl'))).toEqual(['back'])
    })

    test('[streams/22] a single file is copied both ways as kubectl copies it', async () => {
      await copyFrom(client, { ...pod(node), path: inContainer('tree', 'data') }, local('file-ours'))
      await kubectlCopy(`${node}:${inContainer('tree', 'data')}`, local('file-kubectl'))
      expect(hashOf(readFileSync(local('file-ours')))).toBe(hashOf(readFileSync(local('file-kubectl'))))
      await copyTo(client, local('file-ours'), { ...pod(node), path: inContainer('back-ours') })
      await kubectlCopy(local('file-ours'), `${node}:${inContainer('back-kubectl')}`)
      expect(hashOf(readFileSync(inContainer('back-ours')))).toBe(hashOf(readFileSync(inContainer('back-kubectl'))))
    })

    test('[streams/22] a source that does not exist rejects, in either direction', async () => {
      const from = await failure(copyFrom(client, { ...pod(node), path: inContainer('none') }, local('none')))
      expect(isExitError(from) && from.message).toContain('none: Cannot stat: No such file or directory')
      expect(existsSync(local('none'))).toBe(false)
      const to = await failure(copyTo(client, local('none'), { ...pod(node), path: inContainer('none') }))
      expect((to as { code?: string }).code).toBe('ENOENT')
    })

    test('[streams/23] links in the container are left out and reported, and what they point to is untouched', async () => {
      const tree = inContainer('linked')
      mkdirSync(join(tree, 'sub'), { recursive: true })
      writeFileSync(join(tree, 'sub', 'file'), 'text')
      symlinkSync('/etc/passwd', join(tree, 'absolute'))
      symlinkSync('../../..', join(tree, 'sub', 'up'))
      const skipped: SkippedEntry[] = []
      const result = await copyFrom(client, { ...pod(node), path: tree }, local('linked'), { onSkip: (entry) => skipped.push(entry) })
      expect(result).toEqual({ files: 1, bytes: 4, skipped: 2 })
      expect(skipped.map(({ path, reason }) => [path, reason]).sort()).toEqual([
        ['linked/absolute', 'link'],
        ['linked/sub/up', 'link'],
      ])
      expect(contentOf(local('linked'))).toEqual({ sub: 'folder', [join('sub', 'file')]: hashOf(Buffer.from('text')) })
    })
  })

  test('[streams/22] random trees are copied there and back unchanged', async () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter((text) => !/[/\0]|^\.\.?$/.test(text))
    const tree = fc.array(fc.tuple(fc.array(name, { minLength: 1, maxLength: 4 }), fc.uint8Array({ maxLength: 3_000 })), { maxLength: 8 })
    let run = 0
    await fc.assert(
      fc.asyncProperty(tree, async (files) => {
        const source = join(folder, `random-${run++}`)
        mkdirSync(source)
        for (const [path, content] of files) {
          try {
            mkdirSync(join(source, ...path.slice(0, -1)), { recursive: true })
            writeFileSync(join(source, ...path), content)
          } catch {
            // A file has the name of a folder.
          }
        }
        await copyTo(client, source, { ...pod('passed'), path: join(kubelet.folder, `random-${run}`) })
        await copyFrom(client, { ...pod('passed'), path: join(kubelet.folder, `random-${run}`) }, `${source}-back`)
        expect(contentOf(`${source}-back`)).toEqual(contentOf(source))
      }),
      { numRuns: 25 },
    )
  })
})
