import type { Driver, Receiver, Settlement } from '@anybroker/driver'
import { override, seededRandom, wrapDriver } from '@anybroker/testkit'

/** How a service repeats what was acked (Q4). */
export interface Repeats {
  /** What chance is drawn from: equal seeds, equal chances, as far as the order of the acks is equal. */
  readonly seed: number
  /** One ack in so many is followed by another delivery. */
  readonly oneIn: number
  /** It comes so much later at most; anything between 0 and this is as likely. */
  readonly withinMs: number
}

/** No message comes again so often that its attempts would tell of poison. */
const TIMES = 2

/**
 * No mutant, but a driver below a service that repeats messages after their ack, dead ones and dead letters too, at a time of its
 * own choosing: as SQS and Pub/Sub may, far more often than they do. What has a key comes again behind what waits of it. To be put
 * around a driver that grades Q4 so.
 */
export function repeating(driver: Driver, { seed, oneIn, withinMs }: Repeats): Driver {
  const random = seededRandom(seed)
  const times = new Map<string, number>()

  const again = (name: string): boolean => {
    const before = times.get(name) ?? 0
    if (before >= TIMES || random() * oneIn >= 1) return false
    times.set(name, before + 1)
    return true
  }

  return wrapDriver(driver, {
    receiver: (inner) => repeatingReceiver(inner, again, () => random() * withinMs),
  })
}

function repeatingReceiver(inner: Receiver, again: (name: string) => boolean, delayMs: () => number): Receiver {
  const taken = new WeakMap<object, { readonly name: string; readonly attempts: number }>()
  return override(inner, {
    receive: async (max, options) => {
      const deliveries = await inner.receive(max, options)
      for (const { receipt, message, attempt } of deliveries)
        taken.set(receipt as object, { name: message.id, attempts: attempt })
      return deliveries
    },
    settle: (batch, signal) =>
      inner.settle(
        batch.map((settlement): Settlement => {
          const { receipt, as } = settlement
          const of = as === 'ack' ? taken.get(receipt as object) : undefined
          if (of === undefined || !again(of.name)) return settlement
          // What core takes for an ack: the message is put back, and nobody is told.
          return { receipt, as: 'retry', delayMs: delayMs(), attempts: of.attempts, order: 'overtake' }
        }),
        signal,
      ),
  })
}
