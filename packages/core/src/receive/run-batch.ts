import type { BatchHandler } from '../api/consume.ts'
import { Tasks } from '../settle/tasks.ts'
import { toldElsewhere } from '../time/deferred.ts'
import type { Consumer } from './consumer.ts'
import type { Entry } from './entry.ts'
import type { OpenDelivery } from './open-delivery.ts'

/**
 * Runs a handler for several messages at once, up to `concurrency` batches. It never waits for a batch to fill: what is there goes.
 * Of one key there is at most one message in a batch.
 */
export function runBatch(
  consumer: Consumer,
  handler: BatchHandler<unknown>,
  maxBatch: number,
): { readonly wake: () => void; readonly handlers: Tasks } {
  const handlers = new Tasks()
  let batches = 0
  let scheduled = false

  const wake = () => {
    if (scheduled) return
    scheduled = true
    // What arrives one by one in this tick makes one batch.
    queueMicrotask(() => {
      scheduled = false
      while (batches < consumer.concurrency && begin()) continue
    })
  }

  const begin = (): boolean => {
    const entries: Entry[] = []
    while (entries.length < maxBatch) {
      const entry = consumer.next()
      if (entry === undefined) break
      entries.push(entry)
    }
    if (entries.length === 0) return false
    batches += 1
    toldElsewhere(handlers.run(run(entries)))
    return true
  }

  const run = async (entries: readonly Entry[]): Promise<void> => {
    const opened = await Promise.all(entries.map(async (entry) => ({ entry, delivery: await consumer.open(entry) })))
    const open = opened.filter((one): one is { entry: Entry; delivery: OpenDelivery } => one.delivery !== undefined)
    try {
      if (open.length > 0) await handler(open.map((one) => one.delivery))
      for (const { delivery } of open) consumer.succeeded(delivery)
    } catch (error) {
      for (const { entry, delivery } of open) {
        // Only what the handler left unsettled is retried; that it threw after settling others is what batch handlers do.
        if (!delivery.settled) consumer.threw(delivery, entry, error)
      }
    }
    batches -= 1
    wake()
  }

  return { wake, handlers }
}
