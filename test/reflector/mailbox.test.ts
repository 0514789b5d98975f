import { describe, expect, it } from 'vitest'
import { Mailbox } from '../../src/reflector/mailbox'

/** Reads a mailbox to its end; returns what was yielded together. */
async function readAll<V>(mailbox: Mailbox<V>, signal: AbortSignal, onValue: (value: V) => void = () => undefined): Promise<V[][]> {
  const read: V[][] = []
  for await (const values of mailbox.read(signal)) {
    const together: V[] = []
    read.push(together)
    for (const value of values) {
      together.push(value)
      onValue(value)
    }
  }
  return read
}

describe('a mailbox', () => {
  it('yields what waits together, in order, and ends when it is closed', async () => {
    const mailbox = new Mailbox<number>()
    mailbox.push(1)
    mailbox.push(2)
    const reading = readAll(mailbox, new AbortController().signal)
    await mailbox.drained()
    mailbox.push(3)
    mailbox.close()
    mailbox.push(4)
    expect(await reading).toEqual([[1, 2], [3]])
  })

  it('drops what waits when the signal is aborted, also while a value is handled', async () => {
    const mailbox = new Mailbox<number>()
    const controller = new AbortController()
    for (const value of [1, 2, 3]) mailbox.push(value)
    const reading = readAll(mailbox, controller.signal, (value) => value === 2 && controller.abort())
    await mailbox.drained()
    mailbox.close()
    expect(await reading).toEqual([[1, 2]])
  })

  it('makes a writer wait until its value was handled', async () => {
    const mailbox = new Mailbox<string>()
    const handled: string[] = []
    const reading = readAll(mailbox, new AbortController().signal, (value) => handled.push(value))
    for (const value of ['a', 'b', 'c']) {
      mailbox.push(value)
      await mailbox.drained()
      expect(handled.at(-1)).toBe(value)
    }
    mailbox.close()
    await reading
  })
})
