import assert from 'node:assert/strict'
import type { Delivery } from 'anybroker'
import type { Context } from '../../case.ts'
import { ack } from './ack.ts'
import { steady } from './grades.ts'

/** Deliveries that were taken and are still in hand. */
export interface Hand<T> {
  readonly all: readonly Delivery<T>[]
  /** The one with that body. */
  of(body: T): Delivery<T>
}

/** The next delivery of a loop, in a bounded time. */
export async function take<T>(
  t: Context,
  loop: AsyncIterator<Delivery<T>>,
  what = 'the next delivery',
): Promise<Delivery<T>> {
  const step = await t.within(loop.next(), what)
  if (step.done === true) assert.fail(`the loop ended instead of giving ${what}`)
  return step.value
}

/**
 * The next delivery, which must have that body. Where the service itself may duplicate, those of `acked` may come before it, and are
 * acked again: they may stand in its way.
 */
export async function takeNext<T>(
  t: Context,
  loop: AsyncIterator<Delivery<T>>,
  body: T,
  acked: readonly T[] = [],
): Promise<Delivery<T>> {
  for (;;) {
    const delivery = await take(t, loop, `a delivery of ${String(body)}`)
    if (delivery.body === body) return delivery
    assert.ok(!steady(t) && acked.includes(delivery.body), `${String(delivery.body)} came before ${String(body)}`)
    await ack(t, delivery)
  }
}

/**
 * Takes until each of these bodies came, in whatever order, and leaves them in hand. Anything else is a failure, unless the service
 * itself may duplicate: then it is passed over.
 */
export async function takeThese<T>(
  t: Context,
  loop: AsyncIterator<Delivery<T>>,
  bodies: readonly T[],
): Promise<Hand<T>> {
  const byBody = new Map<T, Delivery<T>>()
  while (byBody.size < bodies.length) {
    const missing = bodies.filter((body) => !byBody.has(body))
    const delivery = await take(t, loop, `a delivery of ${missing.map(String).join(', ')}`)
    if (missing.includes(delivery.body)) byBody.set(delivery.body, delivery)
    else
      assert.ok(
        !steady(t),
        `${String(delivery.body)} (attempt ${delivery.attempt}) came where only ${missing.map(String).join(', ')} may`,
      )
  }
  return {
    all: [...byBody.values()],
    of(body) {
      const delivery = byBody.get(body)
      assert.ok(delivery, `${String(body)} was not among what was taken`)
      return delivery
    },
  }
}
