import type { Delivery } from 'anybroker'
import type { Context, Inbox } from '../../case.ts'

/** The first delivery of one message, whatever else came: neighbours and permitted duplicates do not count. */
export function arrival<T>(t: Context, inbox: Inbox<T>, id: string, withinMs?: number): Promise<Delivery<T>> {
  return t.until(`a delivery of ${id}`, () => inbox.deliveries.find((delivery) => delivery.id === id), withinMs)
}

/** The first delivery of each of these messages, in their order. */
export async function arrivals<T>(
  t: Context,
  inbox: Inbox<T>,
  ids: readonly string[],
  withinMs?: number,
): Promise<readonly Delivery<T>[]> {
  await t.until(
    `deliveries of all ${ids.length} messages`,
    () => {
      const seen = new Set(inbox.deliveries.map((delivery) => delivery.id))
      return ids.every((id) => seen.has(id))
    },
    withinMs,
  )
  return Promise.all(ids.map((id) => arrival(t, inbox, id)))
}

/** One delivery per message, the first: what a consumer has seen, without the duplicates that Q4 may permit. */
export function distinct<T>(inbox: Inbox<T>): readonly Delivery<T>[] {
  const first = new Map<string, Delivery<T>>()
  for (const delivery of inbox.deliveries) if (!first.has(delivery.id)) first.set(delivery.id, delivery)
  return [...first.values()]
}
