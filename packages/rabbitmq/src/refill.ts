import { BrokerError, type Filter, matches, type SubscriptionRef, type WireMessage } from '@anybroker/driver'
import type { ConsumeMessage } from 'amqplib'
import { Backlog, identity } from './backlog.ts'
import { notFound } from './errors.ts'
import { History } from './history.ts'
import { described, isPartitioned } from './names.ts'
import { partitionOf } from './partition.ts'
import { type Publication, Publisher } from './publisher.ts'
import type { Session } from './session.ts'
import { copyProperties, fromMessage } from './wire.ts'

/** Clocks of publishers may be behind the server's, or a send may take long: so much before the time is looked through, too. */
const BEFORE_MS = 300_000

/** How long a publish may take from the exchange to the last of the queues behind it, the stream among them. */
export const ROUTED_MS = 300

/** How often the history of an ordered subscription is copied at most, until nothing was published meanwhile. */
const MOST_ROUNDS = 5

/** A history copy has used up no attempt. */
const UNTRIED = 0

export interface Refill {
  readonly ref: SubscriptionRef
  readonly stream: string
  readonly to: Date | 'start'
  /** Undefined: everything, because the consumers look at the filter again. */
  readonly filter: Filter | undefined
}

/**
 * Makes the backlog of a subscription what its topic's stream holds from `to` on, while its binding goes on bringing what is
 * published now. Nothing is lost wherever it ends: the end of the stream is fixed first, then what waits is taken and held, then
 * the history is copied behind it, each copy confirmed, and only then is dropped what came again as a copy or lies before `to`.
 * What waits and is in the stream no more, or not yet, is given back to the head.
 *
 * Repeating it after it broke off leaves no copy twice. That is how an ordered subscription gets its order: what was published
 * while the history was copied lies between the copies, so it is all copied again, until a round saw nothing come. After some
 * rounds it is `REFUSED`.
 */
export async function refill(session: Session, moved: Refill, signal: AbortSignal): Promise<void> {
  if (!isPartitioned(moved.ref)) {
    await refillOnce(session, moved, signal)
    return
  }
  let before: ReadonlySet<string> = new Set()
  for (let round = 1; round <= MOST_ROUNDS; round++) {
    const { between, kept } = await refillOnce(session, moved, signal)
    // What stays at the head is older than the stream if the stream does not have it the next time either.
    if (between === 0 && [...kept].every((id) => before.has(id))) return
    before = kept
  }
  const what = `the history of ${described(moved.ref)} is copied, but not in order: its topic was published to meanwhile`
  throw new BrokerError('REFUSED', `${what}; hold the publishers for a moment and do it again`, { retryable: false })
}

interface Filled {
  /** How many came in while it was copied, and may lie before older ones of their keys. */
  readonly between: number
  /** What waited and had no copy. */
  readonly kept: ReadonlySet<string>
}

async function refillOnce(session: Session, { ref, stream, to, filter }: Refill, signal: AbortSignal): Promise<Filled> {
  const least = to === 'start' ? Number.NEGATIVE_INFINITY : to.getTime()
  const draw = (): string => session.runtime.id()
  const read = (from: ConsumeMessage): Read => ({ from, message: fromMessage(from, ref, draw).message })
  // Of a foreign message without a time nothing is known: it stays.
  const isBefore = ({ message }: Read): boolean => message.sentAt > 0 && message.sentAt < least
  const isWanted = (one: Read): boolean =>
    !isBefore(one) && (filter === undefined || matches(filter, one.message.headers))
  const publisher = new Publisher(session)
  const queues = session.names.queues(ref)
  try {
    const from = to === 'start' ? 'first' : new Date(Math.max(0, least - BEFORE_MS))
    const history = await History.open(session, publisher, stream, from, signal)
    try {
      // In order or not: of an ordered subscription what comes now would stay before the copies.
      if (!isPartitioned(ref)) await session.runtime.sleep(ROUTED_MS, signal)
      const backlog = await Backlog.take(session, queues, (each) => isBefore(read(each)), signal)
      try {
        let copied = 0
        for (;;) {
          const next = await history.next(signal)
          if (next.length === 0) break
          const wanted = next.map(read).filter(isWanted)
          await copy(publisher, ref, queues, wanted, signal)
          copied += wanted.length
          for (const each of wanted) backlog.replaced(identity(each.from))
        }
        // What was taken is in hand, not ready.
        const ready = await countReady(session, queues)
        return { between: ready - copied, kept: await backlog.finish() }
      } finally {
        await backlog.giveBack()
      }
    } finally {
      await history.close()
    }
  } finally {
    await publisher.close()
  }
}

async function countReady(session: Session, queues: readonly string[]): Promise<number> {
  return session.aside(async (channel) => {
    let ready = 0
    for (const queue of queues) ready += (await channel.checkQueue(queue)).messageCount
    return ready
  })
}

interface Read {
  readonly from: ConsumeMessage
  readonly message: WireMessage
}

async function copy(
  publisher: Publisher,
  ref: SubscriptionRef,
  queues: readonly string[],
  wanted: readonly Read[],
  signal: AbortSignal,
): Promise<void> {
  const partitioned = isPartitioned(ref)
  const copies = wanted.map(({ from, message }): Publication => ({
    exchange: '',
    routingKey: queues[partitioned ? partitionOf(message.key ?? message.id) : 0] ?? '',
    body: from.content,
    properties: copyProperties(from, message.id, UNTRIED),
    unroutable: () => notFound('seeking', ref),
  }))
  for (const outcome of await publisher.publish(copies, signal)) {
    if (outcome.as !== 'confirmed') throw outcome.error
  }
}
