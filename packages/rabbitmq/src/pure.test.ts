import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AckLedger } from './acks.ts'
import { bindingsOf } from './bindings.ts'
import { serverOf } from './capabilities.ts'
import { bucketMs, LONGEST_DELAY_MS } from './delays.ts'
import { differences, identityOf, identityText, parseIdentity } from './identity.ts'
import { PARTITIONS } from './names.ts'
import { hash, partitionOf, priorityOf } from './partition.ts'

test('a delay is rounded up to two digits, never down, by a tenth at most', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: LONGEST_DELAY_MS, noNaN: true }), (delay) => {
      const bucket = bucketMs(delay)
      expect(bucket).toBeGreaterThanOrEqual(delay)
      expect(bucket).toBeLessThanOrEqual(Math.max(1, Math.ceil(delay) * 1.1))
      expect(String(bucket)).toMatch(/^\d{1,2}0*$/)
    }),
  )
})

test('the hash of a key is part of the wire format', () => {
  expect([hash(''), hash('a'), hash('customer-7')]).toEqual([hash(''), hash('a'), hash('customer-7')])
  expect(partitionOf('customer-7')).toBeLessThan(PARTITIONS)
})

test('keys spread over all partitions, and partitions over consumers', () => {
  const counts = Array.from({ length: PARTITIONS }, () => 0)
  for (let n = 0; n < 12_000; n++) counts[partitionOf(`customer-${n}`)]! += 1
  expect(Math.min(...counts)).toBeGreaterThan(800)
  let first = 0
  for (let n = 0; n < 1_200; n++) if (priorityOf(`one${n}`, n % 12) > priorityOf(`other${n}`, n % 12)) first += 1
  expect(first).toBeGreaterThan(500)
  expect(first).toBeLessThan(700)
})

test('every ack is written exactly once, and a cumulative one covers nothing that is still out', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(), fc.boolean(), fc.boolean()), { maxLength: 60 }), (steps) => {
      const ledger = new AckLedger()
      const out = Array.from({ length: 40 }, (_, index) => index + 1)
      const acked = new Set<number>()
      const gone = new Set<number>()
      const written = new Set<number>()
      const flush = () => {
        const { upTo, single } = ledger.flush()
        for (let tag = 1; tag <= (upTo ?? 0); tag++) {
          expect(out).not.toContain(tag)
          if (acked.has(tag)) written.add(tag)
        }
        for (const tag of single) {
          expect(written.has(tag)).toBe(false)
          written.add(tag)
        }
      }
      for (const [which, give, then] of steps) {
        const [tag] = out.splice(which % Math.max(out.length, 1), 1)
        if (tag === undefined) break
        if (give) {
          gone.add(tag)
          ledger.gone(tag)
        } else {
          acked.add(tag)
          ledger.ack(tag)
        }
        if (then) flush()
      }
      flush()
      expect(written).toEqual(acked)
    }),
  )
})

test('a filter becomes bindings, and what a headers exchange cannot compare is left to core', () => {
  expect(bindingsOf({ region: 'eu', kind: ['a', 'b'] })).toEqual([
    { region: 'eu', kind: 'a' },
    { region: 'eu', kind: 'b' },
  ])
  expect(bindingsOf({ region: { prefix: 'e' }, gone: { exists: false } })).toEqual([{}])
  const many = Array.from({ length: 65 }, (_, n) => `v${n}`)
  expect(bindingsOf({ many, one: 'x' })).toEqual([{ one: 'x' }])
})

test('what an entity is can be read from the answer of the server', () => {
  const asked = identityOf({ kind: 'queue', name: 'orders', ordering: 'key' }, { filter: { region: 'eu' } })
  const text = identityText(asked, 'abc123')
  const answer = `PRECONDITION_FAILED - inequivalent arg 'x-dead-letter-routing-key' for queue 'ab.q.orders.dead' in vhost '/': received '?' but current is '${text}'"`
  expect(parseIdentity(answer)).toEqual({ ...asked, life: 'abc123' })
  expect(differences({ ...asked, ordering: 'none' }, asked)).toEqual(['ordering: there none, asked key'])
  expect(parseIdentity('nonsense')).toBeUndefined()
})

test('a server that says nothing of its version counts as old', () => {
  expect(serverOf('4.0.5').major).toBe(4)
  for (const odd of [undefined, null, 4, '', 'four', '4']) expect(serverOf(odd).major).toBe(3)
})
