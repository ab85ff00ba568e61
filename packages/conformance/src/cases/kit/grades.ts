import assert from 'node:assert/strict'
import type { Context } from '../../case.ts'

type Graded = Pick<Context, 'capabilities'>

/** Each of `expected` was seen once, and nothing else was; where the service itself may duplicate (Q4), at least once. */
export function assertEach(t: Graded, seen: readonly string[], expected: readonly string[], what: string): void {
  const counted = (bodies: readonly string[]) =>
    (t.capabilities.Q4.duplicates === 'none' ? [...bodies] : [...new Set(bodies)]).toSorted()
  assert.deepEqual(counted(seen), counted(expected), what)
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
 * A message that failed at every delivery was delivered exactly `maxAttempts` times. With a ceiling fewer may do: the last one, and
 * only that, was the attempt at which it is given up.
 */
export function assertExhausted(t: Graded, attempts: readonly number[], maxAttempts: number): void {
  const shown = `attempts ${attempts.join(', ')} of at most ${maxAttempts}`
  if (t.capabilities.D3.attempt !== 'ceiling' && t.capabilities.Q4.duplicates === 'none') {
    const expected = Array.from({ length: maxAttempts }, (_, index) => index + 1)
    assert.deepEqual([...attempts], expected, shown)
    return
  }
  const last = attempts.at(-1)
  assert.ok(last !== undefined && last >= maxAttempts, shown)
  assert.ok(
    attempts.slice(0, -1).every((attempt) => attempt < maxAttempts),
    shown,
  )
}
