import assert from 'node:assert/strict'
import type { Context } from '../../case.ts'

type Graded = Pick<Context, 'capabilities'>

/** Whether the service itself never repeats what was acked (Q4), nor takes back what is in hand without a fault. */
export function steady(t: Graded): boolean {
  return t.capabilities.Q4.duplicates === 'none'
}

/**
 * Each of `expected` was seen once, and nothing else was; where the service itself may duplicate (Q4), at least once, and
 * `mayRepeat`, acked before, may be there too.
 */
export function assertEach(
  t: Graded,
  seen: readonly string[],
  expected: readonly string[],
  what: string,
  mayRepeat: readonly string[] = [],
): void {
  if (steady(t)) return assert.deepEqual(seen.toSorted(), expected.toSorted(), what)
  const repeated = new Set(mayRepeat.filter((body) => !expected.includes(body)))
  const distinct = new Set(seen.filter((body) => !repeated.has(body)))
  assert.deepEqual([...distinct].toSorted(), [...new Set(expected)].toSorted(), what)
}

/** Exactly so many; where the service itself may duplicate (Q4), so many at least. */
export function isCount(t: Graded, count: number, expected: number): boolean {
  return steady(t) ? count === expected : count >= expected
}

/** Waits until each of `expected` was seen, however often. */
export async function untilEach(
  t: Pick<Context, 'until'>,
  seen: () => readonly string[],
  expected: readonly string[],
  withinMs?: number,
): Promise<void> {
  const complete = (): boolean => {
    const distinct = new Set(seen())
    return expected.every((body) => distinct.has(body))
  }
  await t.until(`each of ${expected.length} messages`, complete, withinMs)
}

/** `attempt` is right for that delivery of a message, counted from 1, in a run without crashes: D3 by its grade. */
export function assertAttempt(t: Graded, attempt: number, delivery: number): void {
  if (t.capabilities.D3.attempt === 'ceiling')
    assert.ok(attempt >= delivery, `attempt ${attempt} at delivery ${delivery} is no ceiling`)
  else assert.equal(attempt, delivery, `attempt ${attempt} at delivery ${delivery}`)
}

/** The same where a crash, a lost connection or a change of consumers came between the deliveries. */
export function assertAttemptAfterCrash(t: Graded, attempt: number, delivery: number): void {
  switch (t.capabilities.D3.attempt) {
    case 'exact':
      assert.equal(attempt, delivery, `attempt ${attempt} at delivery ${delivery} is not exact`)
      break
    case 'ceiling':
      assert.ok(attempt >= delivery, `attempt ${attempt} at delivery ${delivery} is no ceiling`)
      break
    case 'floor':
      assert.ok(attempt >= 1 && attempt <= delivery, `attempt ${attempt} at delivery ${delivery} is no floor`)
  }
}

/**
 * A message that failed at every delivery was delivered exactly `maxAttempts` times. With a ceiling fewer may do: the last one was
 * the attempt at which it is given up, and no attempt is below the number of deliveries. After that it is delivered no more, unless
 * the service itself may duplicate.
 */
export function assertExhausted(t: Graded, attempts: readonly number[], maxAttempts: number): void {
  const shown = `attempts ${attempts.join(', ')} of at most ${maxAttempts}`
  const given = attempts.findIndex((attempt) => attempt >= maxAttempts) + 1
  const life = steady(t) ? attempts : attempts.slice(0, given)
  assert.equal(life.length, given, shown)
  if (t.capabilities.D3.attempt === 'ceiling') assert.ok(given >= 1 && (life.at(-1) ?? 0) >= given, shown)
  else
    assert.deepEqual(
      [...life],
      Array.from({ length: maxAttempts }, (_, index) => index + 1),
      shown,
    )
}
