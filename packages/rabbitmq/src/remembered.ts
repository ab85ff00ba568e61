import type { SubscriptionRef, TopicRef } from '@anybroker/driver'
import type { Channel } from 'amqplib'
import { notFound } from './errors.ts'
import { described, type Names } from './names.ts'
import { Publisher } from './publisher.ts'
import type { Session } from './session.ts'

/** How many subscriptions a topic remembers, for its deletion. */
const MOST_REMEMBERED = 10_000

/** Only the management API lists bindings: each topic has a queue with the names of its subscriptions. */
export async function makeMemory(channel: Channel, names: Names, ref: TopicRef): Promise<void> {
  await channel.assertQueue(memoryOf(names, ref), {
    durable: true,
    arguments: { 'x-queue-type': 'classic', 'x-max-length': MOST_REMEMBERED },
  })
}

export function memoryOf(names: Names, ref: TopicRef | SubscriptionRef): string {
  return `${ref.kind === 'topic' ? names.base(ref) : names.topic(ref)}.subs`
}

/** Before it is made. `NOT_FOUND` where its topic is not there. */
export async function remember(session: Session, ref: SubscriptionRef, signal: AbortSignal): Promise<void> {
  const publisher = new Publisher(session)
  try {
    const [outcome] = await publisher.publish(
      [
        {
          exchange: '',
          routingKey: memoryOf(session.names, ref),
          body: Buffer.from(session.names.base(ref)),
          properties: { persistent: true, messageId: ref.name },
          unroutable: () =>
            notFound(`opening ${described(ref)}`, { kind: 'topic', name: ref.topic, ordering: ref.ordering }),
        },
      ],
      signal,
    )
    if (outcome?.as !== 'confirmed') throw outcome?.error
  } finally {
    await publisher.close()
  }
}

/** The names of all that were remembered, without partitions; the memory is empty after. */
export async function recall(channel: Channel, memory: string): Promise<ReadonlySet<string>> {
  const bases = new Set<string>()
  for (let one = await channel.get(memory); one !== false; one = await channel.get(memory))
    bases.add(one.content.toString())
  return bases
}
