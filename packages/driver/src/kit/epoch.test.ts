import { describe, expect, it } from 'vitest'
import { Epoch, EpochReceipt } from './epoch.ts'

describe('EpochReceipt', () => {
  it('gives its handle once', () => {
    const receipt = new EpochReceipt(7, new Epoch())
    expect(receipt.live).toBe(true)
    expect(receipt.take()).toBe(7)
    expect(receipt.live).toBe(false)
    expect(receipt.take()).toBeUndefined()
  })

  it('dies with its epoch, and with no other', () => {
    const [one, other] = [new Epoch(), new Epoch()]
    const [dead, alive] = [new EpochReceipt(1, one), new EpochReceipt(1, other)]
    one.end('the channel closed')
    one.end('again')
    expect(one).toMatchObject({ ended: true, reason: 'the channel closed' })
    expect(other).toMatchObject({ ended: false, reason: '' })
    expect(dead.live).toBe(false)
    expect(dead.take()).toBeUndefined()
    expect(alive.take()).toBe(1)
  })
})
