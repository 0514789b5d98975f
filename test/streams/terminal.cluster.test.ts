// Tests the playground's terminal in front of a real API server and kubelet.

import { request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { RealCluster } from '../../playground/server/real-cluster.ts'
import { start } from '../browser/support/playground.ts'
import { until } from '../cluster/component.ts'
import { type StreamingKubelet, startStreamingKubelet } from '../cluster/streaming-kubelet.ts'
import { describeCluster } from '../cluster/suite.ts'
import { openTerminal, stateIs, type } from './terminal-page.ts'

describeCluster(
  'the terminal of the playground',
  (cluster) => {
    let kubelet: StreamingKubelet
    beforeAll(async () => {
      kubelet = await startStreamingKubelet(cluster())
    })
    afterAll(() => kubelet?.[Symbol.asyncDispose]())

    test.each(['translated', 'passed'])('a terminal in the pod %s runs commands, is resized, closed, cut and reconnected', async (name) => {
      await using visit = await start(new RealCluster(cluster().proxyUrl))
      const { page, url, cluster: shown, errors } = visit
      const loaded: string[] = []
      page.on('request', (request) => loaded.push(request.url()))
      await page.goto(`${url}?namespace=${kubelet.namespace}`)
      await page.locator(`tr[data-key="${kubelet.namespace}/${name}"]`).waitFor()
      expect(loaded.filter((file) => /xterm/.test(file))).toEqual([])

      await openTerminal(page, `${kubelet.namespace}/${name}`)
      await stateIs(page, 'Connected')
      await type(page, 'echo $((6 * 7)) is the answer', '42 is the answer', 'Control+J')
      const sizes = async () => (await kubelet.state()).streams.at(-1)?.sizes ?? []
      const before = (await sizes()).length
      await page.setViewportSize({ width: 700, height: 500 })
      await until('the new size', async () => ((await sizes()).length > before ? true : undefined))
      const [columns = 0] = (await sizes()).at(-1)?.split('x').map(Number) ?? []
      expect(columns).toBeLessThan(Number((await sizes())[0]?.split('x')[0]))

      // The connection breaks. The terminal says so, and connects again when asked.
      shown.cut()
      await stateIs(page, 'connection lost; the command may still run')
      await kubelet.idle()
      await page.getByRole('button', { name: 'Reconnect' }).click()
      await stateIs(page, 'Connected')
      await type(page, 'echo back $((2 + 2)) you', 'back 4 you', 'Control+J')

      // The shell ends by itself.
      await type(page, 'exit 7', '', 'Control+J')
      await stateIs(page, 'Ended with exit code 7')
      await page.getByRole('button', { name: 'Reconnect' }).click()
      await stateIs(page, 'Connected')
      await page.locator('dialog.terminal').getByRole('button', { name: 'Close' }).click()
      await kubelet.idle()
      expect(await page.locator('dialog.terminal').count()).toBe(0)
      expect(errors).toEqual([])
    })

    test('the server of the playground refuses a WebSocket from a page of another origin', async () => {
      await using visit = await start(new RealCluster(cluster().proxyUrl))
      const path = `k8s/api/v1/namespaces/${kubelet.namespace}/pods/passed/exec?command=id&stdout=true`
      const attempt = (origin: string) =>
        new Promise<string>((resolve) => {
          const headers = {
            origin,
            connection: 'Upgrade',
            upgrade: 'websocket',
            'sec-websocket-version': '13',
            'sec-websocket-key': btoa('0123456789abcdef'),
            'sec-websocket-protocol': 'v5.channel.k8s.io',
          }
          request(`${visit.url}${path}`, { headers })
            .on('upgrade', (response, socket) => {
              socket.destroy()
              resolve(String(response.statusCode))
            })
            .on('response', ({ statusCode }) => resolve(String(statusCode)))
            .on('error', () => resolve('refused'))
            .end()
        })
      const { length } = (await kubelet.state()).streams
      expect(await attempt('https://evil.example')).toBe('refused')
      expect((await kubelet.state()).streams).toHaveLength(length)
      expect(await attempt(new URL(visit.url).origin)).toBe('101')
    })

    test('a terminal that the server refuses says why', async () => {
      await using visit = await start(new RealCluster(cluster().proxyUrl))
      const { page, url } = visit
      await cluster().kubectl(['run', 'waiting', '-n', kubelet.namespace, '--image=none'])
      await page.goto(`${url}?namespace=${kubelet.namespace}`)
      await openTerminal(page, `${kubelet.namespace}/waiting`)
      await stateIs(page, /pod waiting does not have a host assigned/)
    })
  },
  { proxyFlags: ['--reject-paths=^$'] },
)
