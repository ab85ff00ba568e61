import { EpochReceipt, type SettleOutcome, type Settlement } from '@anybroker/driver'
import type { Channel, ConsumeMessage, Message } from 'amqplib'
import { AckLedger } from './acks.ts'
import type { Delays } from './delay.ts'
import { notFound } from './errors.ts'
import { dueKey } from './names.ts'
import type { Publication, Publisher } from './publisher.ts'
import { copyProperties } from './wire.ts'

/** One delivery: what came, and from which queue, so that a copy reaches that queue alone. */
export interface Taken {
  readonly from: ConsumeMessage
  readonly queue: string
  readonly key: string | undefined
  readonly id: string
  readonly attempt: number
}

export type Receipt = EpochReceipt<Taken>

type Back = readonly { readonly receipt: unknown; readonly attempts: number }[]

const OK: SettleOutcome = Object.freeze({ as: 'ok' })
const LOST: SettleOutcome = Object.freeze({ as: 'lost' })

/** Settles the deliveries of one channel. An ack is written at the end of the call that brought it. */
export class Settling {
  readonly #channel: Channel
  readonly #ledger = new AckLedger()
  readonly #publisher: Publisher
  readonly #delays: Delays
  readonly #settled: (taken: Taken) => void
  /** The dead-letter queue of the source, where it has one. */
  readonly #dead: string | undefined
  #life: Promise<string> | undefined

  constructor(
    channel: Channel,
    { publisher, delays }: { readonly publisher: Publisher; readonly delays: Delays },
    dead: string | undefined,
    settled: (taken: Taken) => void,
  ) {
    this.#dead = dead
    this.#channel = channel
    this.#publisher = publisher
    this.#delays = delays
    this.#settled = settled
  }

  async settle(batch: readonly Settlement[], signal: AbortSignal): Promise<readonly SettleOutcome[]> {
    const outcomes = batch.map(async (one) => (one.as === 'ack' ? this.#ack(one.receipt) : this.#retry(one, signal)))
    this.#flush()
    return Promise.all(outcomes)
  }

  /** Back to the head, in the order given; with a copy where that alone would count fewer attempts than were used up. */
  async release(back: Back, signal: AbortSignal): Promise<readonly SettleOutcome[]> {
    const outcomes = back.map(async ({ receipt, attempts }) => {
      const taken = live(receipt)
      if (taken === undefined) return LOST
      // Counted in hand, over retries that the server knows nothing of.
      if (attempts > taken.handle.attempt)
        return this.#retry({ receipt, as: 'retry', delayMs: 0, attempts, order: 'overtake' }, signal)
      taken.take()
      this.#settled(taken.handle)
      this.giveBack([taken.handle.from])
      return OK
    })
    return Promise.all(outcomes)
  }

  /** What nobody has seen. */
  giveBack(messages: readonly ConsumeMessage[]): void {
    for (const from of messages) {
      this.#ledger.gone(from.fields.deliveryTag)
      this.#channel.nack(from, false, true)
    }
  }

  /** Can't be settled any more, and goes back with the channel. */
  leave(back: Back): readonly SettleOutcome[] {
    return back.map(({ receipt }) => (live(receipt)?.take() === undefined ? LOST : OK))
  }

  #ack(receipt: unknown): SettleOutcome {
    const taken = live(receipt)?.take()
    if (taken === undefined) return LOST
    this.#settled(taken)
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
      const ready = one.delayMs > 0 ? await this.#delayed(copy, one.delayMs) : copy
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

  async #delayed(copy: Publication, delayMs: number): Promise<Publication> {
    if (this.#dead === undefined) return this.#delays.delayed(copy, delayMs)
    // As long as this channel lives: its consumers end with the queue.
    if (this.#life === undefined) {
      const life = this.#delays.life(this.#dead)
      this.#life = life
      // The next one asks again.
      life.catch(() => (this.#life = undefined))
    }
    return this.#delays.delayed({ ...copy, routingKey: dueKey(copy.routingKey, await this.#life) }, delayMs)
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
