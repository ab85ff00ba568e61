import assert from 'node:assert/strict'
import { BrokerError } from '@anybroker/driver'
import type { WorkerStats } from 'anybroker'
import type { Context } from '../../case.ts'

/** That a settle after close is `CLOSED`; what the broker had taken back before that was lost by then, and says so. */
export async function refusedAfterClose(
  t: Context,
  { stats }: { readonly stats: WorkerStats },
  settle: Promise<unknown> | undefined,
): Promise<void> {
  assert.ok(settle !== undefined, 'there is no such delivery')
  const [outcome] = await t.within(Promise.allSettled([settle]), 'a settle after close ends')
  assert.ok(outcome.status === 'rejected', 'a settle after close resolved')
  const error: unknown = outcome.reason
  assert.ok(error instanceof BrokerError, `a settle after close threw ${String(error)}`)
  if (error.code === 'LEASE_LOST' && stats.lost > 0) return
  assert.equal(error.code, 'CLOSED', error.message)
}
