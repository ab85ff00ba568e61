import assert from 'node:assert/strict'
import type { Context } from '../../case.ts'

/** Fills the broker. What it returns makes room again, once, and is called at the latest when the case ends. */
export async function fill(t: Context): Promise<() => Promise<void>> {
  const { fill: filling } = t.harness
  assert.ok(filling, 'a case that fills the broker must say needs: [fill]')
  const drain = await filling.call(t.harness)
  let draining: Promise<void> | undefined
  const once = (): Promise<void> => (draining ??= drain())
  t.after(once)
  return once
}
