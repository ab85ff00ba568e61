import assert from 'node:assert/strict'
import type { Context, Inbox } from '../../case.ts'

/** Of so many messages, a service that duplicates rarely may repeat one. */
const RARE_ONE_IN = 8

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
  t: Pick<Context, 'capabilities'>,
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

/** What came again, of so many, is no more than the service itself may repeat (Q4). */
export function assertRepeated(
  t: Pick<Context, 'capabilities'>,
  again: readonly (string | number)[],
  of: number,
): void {
  const { duplicates } = t.capabilities.Q4
  const permitted = duplicates === 'rare' ? 1 + of / RARE_ONE_IN : 0
  assert.ok(again.length <= permitted, `came again: ${again.join(', ')}`)
}
