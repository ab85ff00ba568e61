import type {
  Connection,
  EntityRef,
  EntitySettings,
  Outcome,
  QueueRef,
  Receiver,
  Ref,
  Sender,
  SourceRef,
  SubscriptionRef,
  TopicRef,
  WireDelivery,
  WireMessage,
} from '@anybroker/driver'
import { NO_HEADERS } from '@anybroker/driver'
import { type VirtualTime, virtualTime } from '@anybroker/testkit'
import { memory, type MemoryOptions } from '../src/index.ts'

export const NEVER: AbortSignal = new AbortController().signal

export const orders: QueueRef = { kind: 'queue', name: 'orders', ordering: 'none' }
export const keyed: QueueRef = { kind: 'queue', name: 'keyed', ordering: 'key' }
export const placed: TopicRef = { kind: 'topic', name: 'placed', ordering: 'none' }

export function subscription(name: string, over: Partial<SubscriptionRef> = {}): SubscriptionRef {
  return { kind: 'subscription', topic: 'placed', name, ordering: 'none', durability: 'durable', ...over }
}

export function message(id: string, over: Partial<WireMessage> = {}): WireMessage {
  return { id, body: new TextEncoder().encode(id), headers: NO_HEADERS, sentAt: 0, ...over }
}

export function keyedMessages(key: string, ...ids: readonly string[]): WireMessage[] {
  return ids.map((id) => message(id, { key }))
}

export const idsOf = (deliveries: readonly WireDelivery[]): string[] => deliveries.map((one) => one.message.id)
export const receiptsOf = (deliveries: readonly WireDelivery[]): unknown[] => deliveries.map((one) => one.receipt)

/** One driver under virtual time, without core: what it was asked is what the seam was asked. */
export class Rig {
  readonly time: VirtualTime = virtualTime()
  readonly driver: ReturnType<typeof memory>

  constructor(options: MemoryOptions = {}) {
    this.driver = memory(options)
  }

  connect(): Promise<Connection> {
    return this.driver.connect(this.time.runtime, NEVER)
  }

  /** A connection on which these exist. */
  async with(...refs: readonly EntityRef[]): Promise<Desk> {
    const desk = new Desk(await this.connect())
    for (const ref of refs) await desk.ensure(ref)
    return desk
  }
}

/** A connection with short calls. */
export class Desk {
  readonly connection: Connection
  readonly lost: (readonly unknown[] | 'all')[] = []
  readonly #senders = new Map<Ref, Sender>()

  constructor(connection: Connection) {
    this.connection = connection
  }

  ensure(ref: EntityRef, settings: EntitySettings = {}) {
    return this.connection.topology.ensure(ref, settings, NEVER)
  }

  async send(target: Ref, ...messages: readonly (WireMessage | string)[]): Promise<readonly Outcome[]> {
    let sender = this.#senders.get(target)
    if (sender === undefined) this.#senders.set(target, (sender = await this.connection.openSender(target, NEVER)))
    return sender.send(
      messages.map((one) => (typeof one === 'string' ? message(one) : one)),
      NEVER,
    )
  }

  async receiver(source: SourceRef, maxUnsettled = 100, leaseMs = 30_000): Promise<Hand> {
    const receiver = await this.connection.openReceiver(source, { maxUnsettled, leaseMs }, NEVER)
    return new Hand(receiver)
  }

  depth(ref: SourceRef) {
    return this.connection.admin.depth?.(ref, NEVER)
  }

  delete(ref: EntityRef) {
    return this.connection.topology.delete(ref, NEVER)
  }
}

/** A receiver with short calls. */
export class Hand {
  readonly receiver: Receiver
  readonly lost: (readonly unknown[] | 'all')[] = []

  constructor(receiver: Receiver) {
    this.receiver = receiver
    receiver.onLost((receipts) => this.lost.push(receipts))
  }

  take(max = 100, waitMs = 0, signal: AbortSignal = NEVER): Promise<readonly WireDelivery[]> {
    return this.receiver.receive(max, { waitMs, signal })
  }

  async ids(max = 100): Promise<string[]> {
    return idsOf(await this.take(max))
  }

  async ack(...deliveries: readonly WireDelivery[]): Promise<string[]> {
    const batch = deliveries.map(({ receipt }) => ({ receipt, as: 'ack' }) as const)
    return (await this.receiver.settle(batch, NEVER)).map(({ as }) => as)
  }

  async retry(delivery: WireDelivery, delayMs: number, order: 'block' | 'overtake' = 'block'): Promise<string[]> {
    const { receipt, attempt: attempts } = delivery
    return (await this.receiver.settle([{ receipt, as: 'retry', delayMs, attempts, order }], NEVER)).map(({ as }) => as)
  }

  async release(...deliveries: readonly WireDelivery[]): Promise<string[]> {
    const back = deliveries.map(({ receipt, attempt }) => ({ receipt, attempts: attempt - 1 }))
    return (await this.receiver.release(back, NEVER)).map(({ as }) => as)
  }

  close(): Promise<void> {
    return this.receiver.close(NEVER)
  }
}
