import { describe, expect, it } from 'vitest'
import { Mailbox } from '../../src/internal/mailbox'

const never = new AbortController().signal

describe('a mailbox', () => {
  it('a mailbox hands over the waiting values in order, including those that arrive meanwhile', () => {
    const mailbox = new Mailbox<number>()
    mailbox.push(1)
    mailbox.push(2)
    const taken: number[] = []
    for (const value of mailbox.take(never)) {
      taken.push(value)
      if (value === 2) mailbox.push(3)
    }
    expect(taken).toEqual([1, 2, 3])
    expect([...mailbox.take(never)]).toEqual([])
  })

  it('a mailbox is over when it is closed and empty, and accepts nothing after it was closed', () => {
    const mailbox = new Mailbox<number>()
    mailbox.push(1)
    mailbox.close()
    mailbox.push(2)
    expect(mailbox.isOver).toBe(false)
    expect([...mailbox.take(never)]).toEqual([1])
    expect(mailbox.isOver).toBe(true)
  })

  it('a mailbox drops the rest when the signal is aborted, also while a value is handled', () => {
    const mailbox = new Mailbox<number>()
    const controller = new AbortController()
    for (const value of [1, 2, 3]) mailbox.push(value)
    const taken: number[] = []
    for (const value of mailbox.take(controller.signal)) {
      taken.push(value)
      if (value === 2) controller.abort()
    }
    expect(taken).toEqual([1, 2])
    expect([...mailbox.take(never)]).toEqual([])
  })

  it('a reader waits for a value or for the end', async () => {
    for (const wake of [(mailbox: Mailbox<number>) => mailbox.push(1), (mailbox: Mailbox<number>) => mailbox.close()]) {
      const mailbox = new Mailbox<number>()
      const arrival = mailbox.arrival()
      expect(arrival).toBeInstanceOf(Promise)
      wake(mailbox)
      await arrival
      expect(mailbox.arrival()).toBeUndefined()
    }
  })

  it('a writer waits from four waiting values on, until the reader has handled them', async () => {
    const mailbox = new Mailbox<number>()
    for (const value of [1, 2, 3]) mailbox.push(value)
    expect(mailbox.room()).toBeUndefined()
    mailbox.push(4)
    const room = mailbox.room()
    let isRoom = false
    void room?.then(() => {
      isRoom = true
    })
    const taking = mailbox.take(never)
    taking.next()
    await Promise.resolve()
    expect(isRoom).toBe(false)
    for (const _ of taking);
    await room
    expect(mailbox.room()).toBeUndefined()
  })
})
