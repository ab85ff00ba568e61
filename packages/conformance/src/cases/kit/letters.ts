import assert from 'node:assert/strict'
import type { Delivery, Source } from 'anybroker'
import type { Context } from '../../case.ts'
import { ack } from './ack.ts'
import { steady } from './grades.ts'

/**
 * Reads that many dead letters, drops them, and fails if more came within the quiet time. Copies of one letter count once where
 * the service itself may duplicate, and those of the ids `mayRepeat`, settled before, not at all.
 */
export async function readLetters<T>(
  t: Context,
  source: Source<T>,
  n: number,
  mayRepeat: readonly string[] = [],
): Promise<readonly Delivery<T | undefined>[]> {
  const loop = source.deadLetters.receive()
  const letters: Delivery<T | undefined>[] = []
  const known = new Set<string>(steady(t) ? [] : mayRepeat)
  const faults: unknown[] = []
  const reading = (async () => {
    for await (const letter of loop) {
      if (steady(t) || !known.has(letter.id)) letters.push(letter)
      known.add(letter.id)
      await ack(t, letter)
    }
  })().catch((fault: unknown) => faults.push(fault))
  await t.until(`${n} dead letters of ${source.name}`, () => letters.length >= n || faults.length > 0)
  await t.quiet()
  await loop.close()
  await t.within(reading, 'the loop over the dead letters ended with its close')
  if (faults.length > 0) throw new Error(`reading the dead letters of ${source.name} failed`, { cause: faults[0] })
  const found = letters.map(({ id, attempt, dead }) => `${id} (${dead?.reason}, attempt ${attempt})`).join(', ')
  assert.equal(letters.length, n, `expected ${n} dead letters of ${source.name}, got ${found}`)
  return letters
}

/** Fails if there is any dead letter, or comes one within the quiet time. See `readLetters`. */
export async function assertNoLetters<T>(
  t: Context,
  source: Source<T>,
  mayRepeat: readonly string[] = [],
): Promise<void> {
  await t.quiet()
  await readLetters(t, source, 0, mayRepeat)
}
