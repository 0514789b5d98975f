import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Line } from '../../src/queue/line'

describe('Line', () => {
  it('a Line behaves like an array', () => {
    const steps = fc.array(fc.oneof(fc.nat(), fc.constant('shift' as const)), { maxLength: 100 })
    fc.assert(
      fc.property(steps, (script) => {
        const line = new Line<number>()
        const model: number[] = []
        for (const step of script) {
          if (step === 'shift') expect(line.shift()).toBe(model.shift())
          else {
            line.push(step)
            model.push(step)
          }
          expect([...line]).toEqual(model)
          expect([line.length, line.first]).toEqual([model.length, model[0]])
        }
      }),
    )
  })

  it('a Line removes a million items as fast as it adds them', () => {
    const line = new Line<number>()
    const count = 1_000_000
    for (let i = 0; i < count; i++) line.push(i)
    let sum = 0
    while (line.length > 0) sum += line.shift() ?? 0
    expect(sum).toBe((count * (count - 1)) / 2)
  })
})
