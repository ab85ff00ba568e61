import assert from 'node:assert/strict'
import type { Context, Inbox } from '../../case.ts'
import { steady } from './grades.ts'

interface Arriving<V> {
  readonly withinMs?: number
  /** Something was broken on the way, or consumers came and went on a service that repeats then: any may come again. */
  readonly faults?: boolean
  /** Handled before: where the service itself may duplicate (Q4), these may come here, too. */
  readonly before?: readonly V[]
}

/**
 * Each of these bodies arrives, nothing else does, and none twice: one quiet time after the last is waited for what should not
 * come. Where the service itself may duplicate (Q4), any may come again.
 */
export async function arrivesOnce<V extends string | number>(
  t: Context,
  inbox: Pick<Inbox<V>, 'bodies'>,
  expected: readonly V[],
  { withinMs, ...how }: Arriving<V> = {},
): Promise<void> {
  await t.until(
    `${expected.length} messages arrive`,
    () => {
      const seen = new Set(inbox.bodies)
      return expected.every((body) => seen.has(body))
    },
    withinMs,
  )
  await t.quiet()
  assertOnce(t, inbox.bodies, expected, how)
}

/** The same for what has arrived already. */
export function assertOnce<V extends string | number>(
  t: Pick<Context, 'capabilities' | 'lost'>,
  bodies: readonly V[],
  expected: readonly V[],
  { faults = false, before = [] }: Omit<Arriving<V>, 'withinMs'> = {},
): void {
  const missing = expected.filter((body) => !bodies.includes(body))
  assert.deepEqual(missing, [], 'never came')
  const repeated = steady(t) ? [] : before
  const foreign = bodies.filter((body) => !expected.includes(body) && !repeated.includes(body))
  assert.deepEqual(foreign, [], 'should not have come')
  if (faults) return
  const own = bodies.filter((body) => expected.includes(body))
  assertRepeated(
    t,
    own.filter((body, index) => own.indexOf(body) !== index),
  )
}

/**
 * That these came again is the service's own doing: it may repeat whatever was acked, or it took so many back (`t.lost`). Not to be
 * asked where consumers come and go on a service that repeats then.
 */
export function assertRepeated(t: Pick<Context, 'capabilities' | 'lost'>, again: readonly (string | number)[]): void {
  if (t.capabilities.Q4.duplicates === 'rare') return
  assert.ok(again.length <= t.lost(), `came again: ${again.join(', ')}`)
}
