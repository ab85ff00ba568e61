import { describe, expect, it } from 'vitest'
import { SERVICES } from './erasure.ts'
import { Ledger } from './ledger.ts'

const idle = new AbortController().signal

function complete(ledger: Ledger, request: string): void {
  for (const service of SERVICES) ledger.did(service, request)
  ledger.completed(request)
  ledger.mailed(request)
}

describe('the ledger', () => {
  it('loses nothing where everything is completed and mailed', () => {
    const ledger = new Ledger(2)
    ledger.sent(['a', 'b'])
    complete(ledger, 'a')
    expect(ledger.totals).toMatchObject({ in: 2, completed: 1, lost: 1 })
    expect(ledger.settled).toBe(false)
    complete(ledger, 'b')
    expect(ledger.totals).toMatchObject({ in: 2, completed: 2, mailed: 2, lost: 0 })
    expect(ledger.settled).toBe(true)
  })

  it('counts what comes twice once', () => {
    const ledger = new Ledger(1)
    ledger.sent(['a', 'a'])
    complete(ledger, 'a')
    complete(ledger, 'a')
    ledger.deadLettered('billing', 'a')
    ledger.deadLettered('billing', 'a')
    ledger.deadLettered('crm', 'a')
    expect(ledger.totals).toMatchObject({ in: 1, completed: 1, mailed: 1, deadLettered: 2, lost: 0 })
  })

  it('tells redeliveries from first deliveries', () => {
    const ledger = new Ledger(1)
    ledger.delivered({ redelivered: false, attempt: 1 })
    ledger.delivered({ redelivered: true, attempt: 1 })
    ledger.delivered({ redelivered: false, attempt: 2 })
    ledger.duplicated()
    expect(ledger.totals).toMatchObject({ redelivered: 2, duplicates: 1 })
  })

  it('calls lost what was completed without a mail, and not what a person has to look at', () => {
    const ledger = new Ledger(2)
    ledger.sent(['a', 'b'])
    for (const service of SERVICES) ledger.did(service, 'a')
    ledger.completed('a')
    ledger.leftBehind('b', 'billing: there is no account "x"')
    expect(ledger.missing).toEqual(['a'])
    expect(ledger.waitsFor('a')).toBe('its mail')
    expect(ledger.waitsFor('b')).toBe('billing: there is no account "x"')
  })

  it('knows what a request waits for', () => {
    const ledger = new Ledger(1)
    ledger.sent(['a'])
    ledger.did('crm', 'a')
    ledger.did('search', 'a')
    expect(ledger.waitsFor('a')).toBe('billing, audit')
    ledger.did('billing', 'a')
    ledger.did('audit', 'a')
    expect(ledger.waitsFor('a')).toBe('the coordinator')
  })

  it('knows when a service has dealt with everything, dead letters included', () => {
    const ledger = new Ledger(2)
    ledger.sent(['a'])
    ledger.did('billing', 'a')
    expect(ledger.dealtWith('billing')).toBe(false)
    ledger.sent(['b'])
    ledger.deadLettered('billing', 'b')
    expect(ledger.dealtWith('billing')).toBe(true)
    expect(ledger.dealtWith('crm')).toBe(false)
  })
})

describe('until', () => {
  it('waits for a condition', async () => {
    const ledger = new Ledger(1)
    const waiting = ledger.until(() => ledger.published === 1, idle)
    ledger.sent(['a'])
    expect(await waiting).toBe(true)
    expect(await ledger.until(() => true, idle)).toBe(true)
  })

  it('gives up where nothing happens for long', async () => {
    const ledger = new Ledger(1)
    expect(await ledger.until(() => false, idle, 5)).toBe(false)
  })

  it('ends with the reason of the signal', async () => {
    const ledger = new Ledger(1)
    const abort = new AbortController()
    const waiting = ledger.until(() => false, abort.signal, 60_000)
    abort.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    await expect(ledger.until(() => true, abort.signal)).rejects.toThrow('enough')
  })
})
