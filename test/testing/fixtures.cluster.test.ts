import { expect, test } from 'vitest'
import { Pod } from '../../src/resources/core/v1'
import { podFixture } from '../../src/testing'
import { describeCluster } from '../cluster/suite.ts'

describeCluster('pod fixtures and a real API server', (cluster) => {
  test('a real API server accepts pod fixtures under strict validation', async () => {
    for (const index of [0, 1, 42]) {
      const response = await fetch(`${cluster().proxyUrl}/api/v1/namespaces/default/pods?fieldValidation=Strict`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(podFixture(index) satisfies Pod),
      })
      const created = (await response.json()) as Pod & { message?: string }
      expect([response.status, created.message]).toEqual([201, undefined])
      expect(created.spec?.containers.map(({ image }) => image)).toEqual(podFixture(index).spec.containers.map(({ image }) => image))
    }
    expect(Pod.kind).toBe(podFixture(0).kind)
  })
})
