import assert from 'node:assert/strict'
import type { VirtualHarness } from '../../harness.ts'

/** Enough for a connection, a queue and a consumer to open under the virtual clock, many times over. */
const MOST_STEPS = 600

/** Moves the virtual clock in steps of 50 ms until `work` has settled, and answers as it does. */
export async function drive<V>(virtual: VirtualHarness, work: Promise<V>): Promise<V> {
  let settled = false
  const note = (): void => {
    settled = true
  }
  work.then(note, note)
  for (let step = 0; step < MOST_STEPS && !settled; step += 1) await virtual.advance(step === 0 ? 0 : 50)
  assert.ok(settled, `still pending after ${MOST_STEPS * 50} ms of virtual time`)
  return work
}
