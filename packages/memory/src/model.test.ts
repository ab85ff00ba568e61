import type { WireDelivery } from '@anybroker/driver'
import { virtualTime } from '@anybroker/testkit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Desk, type Hand, keyed, message, NEVER } from '../test/rig.ts'
import { capabilitiesOf } from './capabilities.ts'
import { MemoryConnection } from './connection.ts'
import { Session } from './engine/session.ts'
import { Store } from './engine/store.ts'
import { DEFAULTS } from './options.ts'

const LEASE_MS = 1000
const who = fc.nat(1)
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant('send' as const),
      key: fc.constantFrom('k', 'l', undefined),
      delayMs: fc.constantFrom(0, 0, 0, 300),
    }),
  },
  { weight: 4, arbitrary: fc.record({ op: fc.constant('take' as const), who, max: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant('ack' as const), who, which: fc.nat(5) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant('retry' as const),
      who,
      which: fc.nat(5),
      delayMs: fc.constantFrom(0, 200, 1500),
      order: fc.constantFrom('block' as const, 'overtake' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('release' as const), who, which: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('extend' as const), who, which: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('advance' as const), ms: fc.constantFrom(100, 400, 1100) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('reopen' as const), who }) },
)

interface Known {
  readonly key: string | undefined
  /** Its place: earlier ones of its key come first. */
  place: number
  notBefore: number
  attempts: number
}

interface Client {
  hand: Hand
  readonly held: WireDelivery[]
}

describe('an ordered queue', () => {
  it('keeps every message in one place, keys in order at one receiver, and no byte when it is empty', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 40, maxLength: 120, size: 'max' }), async (steps) => {
        const time = virtualTime()
        const store = new Store(DEFAULTS)
        const session = new Session(store, store.namespace(''), time.runtime)
        const desk = new Desk(new MemoryConnection(session, capabilitiesOf(DEFAULTS)))
        await desk.ensure(keyed)
        const waiting = new Map<string, Known>()
        let places = 0
        const open = async (): Promise<Hand> => {
          const hand = await desk.receiver(keyed, 6, LEASE_MS)
          return hand
        }
        const clients: Client[] = [
          { hand: await open(), held: [] },
          { hand: await open(), held: [] },
        ]
        const client = (index: number) => clients[index] as Client
        const pick = ({ held }: Client, which: number) => held.splice(which, 1)[0]
        const back = (delivery: WireDelivery, over: Partial<Known>) => {
          const known = inHand.get(delivery.message.id)
          inHand.delete(delivery.message.id)
          if (known) waiting.set(delivery.message.id, { ...known, ...over })
        }
        const inHand = new Map<string, Known>()

        /** What the leases that ended took along. */
        const noticeLost = () => {
          for (const { hand, held } of clients) {
            for (const lost of hand.lost.splice(0)) {
              if (lost === 'all') throw new Error('all')
              for (const receipt of lost) {
                const index = held.findIndex((one) => one.receipt === receipt)
                const [delivery] = held.splice(index, 1)
                if (index < 0 || delivery === undefined) throw new Error('lost what was not in hand')
                back(delivery, { attempts: delivery.attempt - 1, notBefore: 0 })
              }
            }
          }
        }

        /** Delayed ones take their place when they are due. */
        const noticeDue = () => {
          const due = [...waiting.values()].filter(
            ({ place, notBefore }) => place === Infinity && notBefore <= time.now(),
          )
          for (const known of due.toSorted((a, b) => a.notBefore - b.notBefore)) known.place = places += 1
        }

        const take = async (of: Client, max: number) => {
          for (const delivery of await of.hand.take(max)) {
            const { id, key } = delivery.message
            const known = waiting.get(id)
            if (known === undefined) throw new Error(`${id} was not waiting`)
            expect(known.notBefore).toBeLessThanOrEqual(time.now())
            expect(delivery.attempt).toBe(known.attempts + 1)
            if (key !== undefined) {
              for (const other of waiting.values())
                if (other.key === key) expect(known.place).toBeLessThanOrEqual(other.place)
              for (const rival of clients)
                if (rival !== of) expect(rival.held.map((one) => one.message.key)).not.toContain(key)
            }
            waiting.delete(id)
            inHand.set(id, known)
            of.held.push(delivery)
          }
          expect(of.held.length).toBeLessThanOrEqual(6)
        }

        for (const next of steps) {
          if (next.op === 'send') {
            const id = `m${(places += 1)}`
            const deliverAt = next.delayMs > 0 ? { deliverAt: time.runtime.wallNow() + next.delayMs } : {}
            await desk.send(keyed, message(id, { ...(next.key === undefined ? {} : { key: next.key }), ...deliverAt }))
            const place = next.delayMs > 0 ? Infinity : places
            waiting.set(id, { key: next.key, place, notBefore: time.now() + next.delayMs, attempts: 0 })
          } else if (next.op === 'take') await take(client(next.who), next.max)
          else if (next.op === 'advance') await time.advance(next.ms)
          else if (next.op === 'reopen') {
            const of = client(next.who)
            await of.hand.close()
            for (const delivery of of.held.splice(0)) back(delivery, { attempts: delivery.attempt - 1, notBefore: 0 })
            of.hand = await open()
          } else {
            const of = client(next.who)
            const delivery = pick(of, next.which)
            if (delivery === undefined) continue
            if (next.op === 'ack') {
              expect(await of.hand.ack(delivery)).toEqual(['ok'])
              inHand.delete(delivery.message.id)
            } else if (next.op === 'release') {
              expect(await of.hand.release(delivery)).toEqual(['ok'])
              back(delivery, { attempts: delivery.attempt - 1, notBefore: 0 })
            } else if (next.op === 'extend') {
              expect((await of.hand.receiver.extend?.([delivery.receipt], LEASE_MS, NEVER))?.[0]?.as).toBe('ok')
              of.held.push(delivery)
            } else {
              expect(await of.hand.retry(delivery, next.delayMs, next.order)).toEqual(['ok'])
              const place = next.order === 'block' ? {} : { place: next.delayMs > 0 ? Infinity : (places += 1) }
              back(delivery, { ...place, attempts: delivery.attempt, notBefore: time.now() + next.delayMs })
            }
          }
          noticeLost()
          noticeDue()
          const depth = await desk.depth(keyed)
          expect(depth?.inHand).toBe(clients.reduce((sum, { held }) => sum + held.length, 0))
          expect((depth?.ready ?? 0) + (depth?.delayed ?? 0)).toBe(waiting.size)
        }

        for (let round = 0; waiting.size + inHand.size > 0; round += 1) {
          if (round > 500) throw new Error(`stuck with ${[...waiting.keys()].join()}`)
          for (const of of clients) {
            await take(of, 4)
            await of.hand.ack(...of.held)
            for (const {
              message: { id },
            } of of.held.splice(0))
              inHand.delete(id)
          }
          await time.advance(100)
          noticeDue()
        }
        expect(store.room.used).toBe(0)
        await desk.connection.close(NEVER)
        expect(time.pending()).toBe(0)
      }),
      { numRuns: 60 },
    )
  }, 30_000)
})
