import assert from 'node:assert/strict'
import type { Broker } from 'anybroker'
import type { Context } from '../../case.ts'

/** After that long, a broker object that was not told of a cut connection has none to lose: it speaks without a session. */
const TOLD_WITHIN_MS = 1_000

/**
 * Cuts the connections. Resolves true when `broker` was told so, and has lost what it had in hand; false where the driver has no
 * session, and deliveries outlive the connection that brought them.
 */
export async function cut(t: Context, broker: Broker): Promise<boolean> {
  const { breakConnection } = t.harness
  assert.ok(breakConnection, 'a case that cuts the connection must say needs: [breakConnection]')
  const told = Promise.withResolvers<boolean>()
  const off = broker.on('disconnected', () => told.resolve(true))
  try {
    await breakConnection.call(t.harness)
    return await Promise.race([told.promise, t.quiet(TOLD_WITHIN_MS).then(() => false)])
  } finally {
    off()
  }
}
