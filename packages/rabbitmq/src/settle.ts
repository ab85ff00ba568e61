import { EpochReceipt, type SettleOutcome, type Settlement } from '@anybroker/driver'
import type { Channel, ConsumeMessage, Message } from 'amqplib'
import { AckLedger } from './acks.ts'
import type { Delays } from './delay.ts'
import { notFound } from './errors.ts'
import type { Publication, Publisher } from './publisher.ts'
import { copyProperties } from './wire.ts'

/** One delivery: what came, and from which queue, so that a copy reaches that queue alone. */
export interface Taken {
  readonly from: ConsumeMessage
  readonly queue: string
  readonly id: string
  readonly attempt: number
}

export type Receipt = EpochReceipt<Taken>

const OK: SettleOutcome = Object.freeze({ as: 'ok' })
const LOST: SettleOutcome = Object.freeze({ as: 'lost' })

/** Settles the deliveries of one channel. An ack is written at the end of the call that brought it. */
export class Settling {
  readonly #channel: Channel
  readonly #ledger = new AckLedger()
  readonly #publisher: Publisher
  readonly #delays: Delays

  constructor(channel: Channel, publisher: Publisher, delays: Delays) {
    this.#channel = channel
    this.#publisher = publisher
    this.#delays = delays
  }

  async settle(batch: readonly Settlement[], signal: AbortSignal): Promise<readonly SettleOutcome[]> {
    const outcomes = batch.map((one) => (one.as === 'ack' ? this.#ack(one.receipt) : this.#retry(one, signal)))
    this.#flush()
    return Promise.all(outcomes)
  }

  /** Back to the head, in the order given; with a copy where that alone would count fewer attempts than were used up. */
  async release(
    back: readonly { readonly receipt: unknown; readonly attempts: number }[],
    ordered: boolean,
    signal: AbortSignal,
  ): Promise<readonly SettleOutcome[]> {
    return Promise.all(
      back.map(({ receipt, attempts }) => {
        const taken = live(receipt)
        if (taken === undefined) return LOST
        // Counted in hand, over retries that the server knows nothing of. An ordered one must keep its place.
        if (attempts > taken.handle.attempt && !ordered)
          return this.#retry({ receipt, as: 'retry', delayMs: 0, attempts, order: 'overtake' }, signal)
        taken.take()
        this.#ledger.gone(taken.handle.from.fields.deliveryTag)
        this.#channel.nack(taken.handle.from, false, true)
        return OK
      }),
    )
  }

  #ack(receipt: unknown): SettleOutcome {
    const taken = live(receipt)?.take()
    if (taken === undefined) return LOST
    this.#ledger.ack(taken.from.fields.deliveryTag)
    return OK
  }

  /** A confirmed copy for this very queue, then the ack; what happens between the two is a duplicate. */
  async #retry(one: Settlement & { as: 'retry' }, signal: AbortSignal): Promise<SettleOutcome> {
    const taken = live(one.receipt)
    if (taken === undefined) return LOST
    const { from, queue, id } = taken.handle
    const copy: Publication = {
      exchange: '',
      routingKey: queue,
      body: from.content,
      properties: copyProperties(from, id, one.attempts),
      unroutable: () => notFound('retrying', { kind: 'inbox', address: queue }),
    }
    try {
      const ready = one.delayMs > 0 ? await this.#delays.delayed(copy, one.delayMs) : copy
      if (!taken.live) return LOST
      const [outcome] = await this.#publisher.publish([ready], signal)
      if (outcome?.as !== 'confirmed') return { as: 'error', error: outcome?.error }
    } catch (error) {
      return { as: 'error', error }
    }
    const outcome = this.#ack(one.receipt)
    this.#flush()
    return outcome
  }

  #flush(): void {
    const { upTo, single } = this.#ledger.flush()
    if (upTo !== undefined) this.#channel.ack(tagged(upTo), ALL_UP_TO)
    for (const tag of single) this.#channel.ack(tagged(tag))
  }
}

const ALL_UP_TO = true

function live(receipt: unknown): Receipt | undefined {
  return receipt instanceof EpochReceipt && receipt.live ? (receipt as Receipt) : undefined
}

/** All that amqplib reads of a message to ack is its tag. */
function tagged(deliveryTag: number): Message {
  return { fields: { deliveryTag } } as Message
}
