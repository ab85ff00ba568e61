import { BrokerError } from '@anybroker/driver'
import type { Delivery } from 'anybroker'
import type { Context } from '../../case.ts'
import { steady } from './grades.ts'

/**
 * Acks, and tells whether that held. Where the service itself may take back what is in hand, an ack may come too late: then the
 * message comes again. Elsewhere that is a failure.
 */
export async function ack(t: Pick<Context, 'capabilities'>, delivery: Delivery<unknown>): Promise<boolean> {
  try {
    await delivery.ack()
    return true
  } catch (error) {
    if (!steady(t) && error instanceof BrokerError && error.code === 'LEASE_LOST') return false
    throw error
  }
}
