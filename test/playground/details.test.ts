import { describe, expect, it } from 'vitest'
import { maskSecret } from '../../playground/drawer/mask.ts'

describe('the details of the playground', () => {
  it('the details of the playground show no value of a Secret, nor the copy of them in an annotation', () => {
    const secret = {
      kind: 'Secret',
      metadata: { name: 'a', annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{"data":{"k":"hidden"}}', kept: 'yes' } },
      data: { k: 'hidden' },
      stringData: { other: 'hidden' },
    }
    const text = JSON.stringify(maskSecret(secret))
    expect(text).not.toContain('hidden')
    for (const shown of ['"k"', '"other"', '"kept":"yes"']) expect(text).toContain(shown)
    expect(JSON.stringify(maskSecret({ kind: 'Secret', metadata: { name: 'a' }, data: 'hidden' } as never))).not.toContain('hidden')
  })

  it('the details of the playground show every other object as it is', () => {
    const configMap = { kind: 'ConfigMap', metadata: { name: 'a' }, data: { k: 'v' } }
    expect(maskSecret(configMap)).toBe(configMap)
  })
})
