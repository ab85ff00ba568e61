import type { EntityRef, Ordering, QueueRef, SubscriptionRef } from '@anybroker/driver'
import { parseIdentity } from './identity.ts'
import { NAME_ARGUMENT } from './kept.ts'
import type { Management } from './management.ts'
import type { Names } from './names.ts'

/** What the management API tells of one queue or exchange. */
type Told = Readonly<Record<string, unknown>>

/**
 * Queues and durable subscriptions by their dead-letter queues, which are there where the entity is and hold what it is; topics by
 * their exchanges. Whatever else there is of this namespace, ours or foreign, is left out.
 */
export async function listEntities(
  management: Management,
  names: Names,
  signal: AbortSignal,
): Promise<readonly EntityRef[]> {
  const begin = `^${names.namespace}\\.`
  const [dead, exchanges] = await Promise.all([
    management.list('queues', `${begin}[qs]\\..*\\.dead$`, ['name', 'arguments'], signal),
    management.list('exchanges', `${begin}t\\.`, ['name', 'type', 'arguments'], signal),
  ])
  return [...dead.map((one) => ownerOf(one, names)), ...exchanges.map((one) => topicOf(one, names))].filter(
    (ref) => ref !== undefined,
  )
}

/** Undefined unless it is named as the entity that it says it belongs to. */
export function ownerOf(told: Told, names: Names): QueueRef | SubscriptionRef | undefined {
  const [first, second, ...more] = nameOf(told)
  const identity = parseIdentity(`current is '${String(argument(told, 'x-dead-letter-routing-key'))}'`)
  if (first === undefined || more.length > 0 || identity === undefined) return undefined
  const ordering: Ordering = identity.ordering === 'key' ? 'key' : 'none'
  const ref: QueueRef | SubscriptionRef =
    second === undefined
      ? { kind: 'queue', name: first, ordering }
      : { kind: 'subscription', topic: first, name: second, ordering, durability: 'durable' }
  return names.dead(ref) === told['name'] ? ref : undefined
}

export function topicOf(told: Told, names: Names): EntityRef | undefined {
  const [name, ...more] = nameOf(told)
  const type = told['type']
  if (name === undefined || more.length > 0 || (type !== 'direct' && type !== 'fanout')) return undefined
  const ref: EntityRef = { kind: 'topic', name, ordering: type === 'direct' ? 'key' : 'none' }
  return names.base(ref) === told['name'] ? ref : undefined
}

/** The logical name, of one part or two: a long physical one does not tell it. */
function nameOf(told: Told): readonly string[] {
  const name = argument(told, NAME_ARGUMENT)
  return typeof name === 'string' ? name.split('/') : []
}

function argument({ arguments: given }: Told, key: string): unknown {
  if (typeof given !== 'object' || given === null || !Object.hasOwn(given, key)) return undefined
  return (given as Told)[key]
}
