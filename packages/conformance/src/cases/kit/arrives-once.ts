import assert from 'node:assert/strict'
import type { Context, Inbox } from '../../case.ts'

/**
 * Where a service duplicates rarely, 2 and a quarter of all is more than it will: with one in 32, as the harsh profile of the
 * memory engine, 5 of 20 come again once in a million runs.
 */
const RARE_AT_LEAST = 2
const RARE_ONE_IN = 4

/**
 * Each of these bodies arrives, nothing else does, and none twice: one quiet time after the last is waited for what should not
 * come. Where the service itself may duplicate (Q4) a few may come again; `faults` where something was broken on the way, and any
 * may.
 */
export async function arrivesOnce<V extends string | number>(
  t: Context,
  inbox: Pick<Inbox<V>, 'bodies'>,
  expected: readonly V[],
  { withinMs, faults = false }: { readonly withinMs?: number; readonly faults?: boolean } = {},
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
  assertOnce(t, inbox.bodies, expected, faults)
}

/** The same for what has arrived already. */
export function assertOnce<V extends string | number>(
  t: Pick<Context, 'capabilities' | 'lost'>,
  bodies: readonly V[],
  expected: readonly V[],
  faults = false,
): void {
  const missing = expected.filter((body) => !bodies.includes(body))
  assert.deepEqual(missing, [], 'never came')
  const foreign = bodies.filter((body) => !expected.includes(body))
  assert.deepEqual(foreign, [], 'should not have come')
  const again = bodies.filter((body, index) => bodies.indexOf(body) !== index)
  if (!faults) assertRepeated(t, again, expected.length)
}

/** What came again, of so many, is no more than the service itself may repeat (Q4), or took back and handed out again. */
export function assertRepeated(
  t: Pick<Context, 'capabilities' | 'lost'>,
  again: readonly (string | number)[],
  of: number,
): void {
  const rare = t.capabilities.Q4.duplicates === 'rare' ? RARE_AT_LEAST + of / RARE_ONE_IN : 0
  assert.ok(again.length <= rare + t.lost(), `came again: ${again.join(', ')}`)
}
