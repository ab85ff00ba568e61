import type { Topic } from 'anybroker'
import type { ErasureRequest } from './erasure.ts'
import type { Ledger } from './ledger.ts'

/** So many are under way at once: enough to fill the broker's batches, few enough to stop soon when it refuses. */
const AT_ONCE = 100

/** Publishes every request, and counts those that the broker has confirmed. Who listens is none of its business. */
export async function publish(
  requested: Topic<ErasureRequest>,
  requests: readonly ErasureRequest[],
  ledger: Ledger,
  signal: AbortSignal,
): Promise<void> {
  for (let start = 0; start < requests.length; start += AT_ONCE) {
    const batch = requests.slice(start, start + AT_ONCE)
    const sent = await requested.publishAll(
      batch.map((request) => ({ body: request, id: request.id })),
      { signal },
    )
    ledger.sent(sent.map(({ id }) => id))
  }
}
