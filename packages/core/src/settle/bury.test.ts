import { BrokerError, type WireMessage } from '@anybroker/driver'
import { describe, expect, it } from 'vitest'
import type { Outbox } from '../send/outbox.ts'
import { bury, deadCopy, liveCopy } from './bury.ts'

const message: WireMessage = {
  id: 'm1',
  body: new Uint8Array([0, 255]),
  headers: { region: 'eu' },
  sentAt: 5,
  key: 'k',
  correlationId: 'c',
  traceparent: 't',
  deliverAt: 6,
  expiresAt: 7,
  dedupId: 'd',
  carriedAttempts: 3,
}
const death = { origin: 'orders', reason: 'rejected', error: new Error('no'), attempts: 2 } as const

function outboxThat(submit: (copy: WireMessage) => void): { outbox: Outbox; copies: WireMessage[] } {
  const copies: WireMessage[] = []
  const outbox = {
    submit: async (copy: WireMessage) => {
      copies.push(copy)
      submit(copy)
      return { id: copy.id, evidence: '' }
    },
  }
  return { outbox: outbox as unknown as Outbox, copies }
}
const tooLarge = new BrokerError('MESSAGE_TOO_LARGE', 'too large')

describe('a dead copy', () => {
  it('keeps body, headers and fields, and leaves the journey behind', () => {
    const copy = deadCopy(message, death, 9)
    expect(copy).toEqual({
      id: 'm1',
      body: message.body,
      headers: { region: 'eu' },
      sentAt: 5,
      key: 'k',
      correlationId: 'c',
      traceparent: 't',
      dead: { origin: 'orders', reason: 'rejected', attempts: 2, at: 9, error: 'no' },
    })
  })

  it('says what was thrown, whatever it was, in 1 KiB', () => {
    const error = (thrown: unknown) => deadCopy(message, { ...death, error: thrown }, 0).dead?.error
    expect(error('x'.repeat(9_999))).toHaveLength(1_024)
    expect(error(undefined)).toBeUndefined()
    expect(error(null)).toBe('null')
    expect(error('')).toBeUndefined()
    expect(error({ toString: () => message })).toBe('a thrown object')
    expect(error(Object.create(null))).toBe('a thrown object')
    expect(error(Symbol('s'))).toBe('Symbol(s)')
  })

  it('comes back as it was before, with all its attempts', () => {
    const back = liveCopy({ ...deadCopy(message, death, 9), carriedAttempts: 7 })
    expect(back.dead).toBeUndefined()
    expect(back.carriedAttempts).toBeUndefined()
    expect(back).toMatchObject({ id: 'm1', key: 'k', headers: { region: 'eu' } })
  })
})

describe('bury', () => {
  it('sheds the reason where that is what made it too large, and nothing else', async () => {
    const { outbox, copies } = outboxThat((copy) => {
      if (copy.dead?.error !== undefined) throw tooLarge
    })
    await bury(outbox, message, death, 9, 1)
    expect(copies.map((copy) => copy.dead?.error)).toEqual(['no', undefined])
    expect(copies[1]).toMatchObject({ id: 'm1', dead: { origin: 'orders', reason: 'rejected' } })
  })

  it('fails where that does not help, and on any other error', async () => {
    const large = outboxThat(() => {
      throw tooLarge
    })
    await expect(bury(large.outbox, message, death, 9, 1)).rejects.toBe(tooLarge)
    expect(large.copies).toHaveLength(2)
    const other = outboxThat(() => {
      throw new BrokerError('UNAVAILABLE', 'gone')
    })
    await expect(bury(other.outbox, message, death, 9, 1)).rejects.toThrow('gone')
    expect(other.copies).toHaveLength(1)
  })
})
