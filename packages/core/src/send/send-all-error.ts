import { BrokerError } from '@anybroker/driver'
import type { SendOutcome } from '../api/message.ts'

/** Some messages of a `sendAll` or `publishAll` failed: `outcomes` has one per message, in their order. `code` is the first failure's. */
export class SendAllError extends BrokerError {
  readonly outcomes: readonly SendOutcome[]

  constructor(target: string, outcomes: readonly SendOutcome[], first: BrokerError) {
    const failed = outcomes.filter((outcome) => outcome.as !== 'confirmed').length
    super(
      first.code,
      `send to ${target}: ${failed} of ${outcomes.length} messages failed, the first with: ${first.message}`,
      {
        cause: first,
        ...(first.outcome === undefined ? {} : { outcome: first.outcome }),
      },
    )
    this.outcomes = outcomes
  }
}
