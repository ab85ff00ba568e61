import type { CloseOptions, Deliveries, WorkerStats } from '../api/consume.ts'
import type { Delivery } from '../api/message.ts'
import { deferred, toldElsewhere, type Deferred } from '../time/deferred.ts'
import type { Consumer } from './consumer.ts'
import type { Entry } from './entry.ts'
import { OpenDelivery } from './open-delivery.ts'
import { checkedDrainMs } from './worker.ts'

export interface LoopSetup {
  /** Makes and starts the consumer at the first `next`. */
  readonly start: (wake: () => void) => Promise<Consumer>
  readonly untilEmpty: boolean
  /** Takes it off whoever closes it with the rest. */
  readonly over: () => void
}

/**
 * Deliveries as a loop. It never acks by itself (see the table of defaults): what was handed out stays out, its lease renewed,
 * until it is settled or this is closed.
 */
export class Loop implements Deliveries<unknown> {
  readonly #setup: LoopSetup
  #consumer: Consumer | undefined
  #starting: Promise<Consumer> | undefined
  readonly #readers: Deferred<IteratorResult<Delivery<unknown>>>[] = []
  #opening = 0
  #left = false
  #over = false
  #closed: Promise<void> | undefined

  constructor(setup: LoopSetup) {
    this.#setup = setup
  }

  get stats(): WorkerStats {
    return this.#consumer?.stats ?? NOTHING_YET
  }

  /** The entry behind a delivery, for redrive. */
  entryOf(delivery: Delivery<unknown>): Entry | undefined {
    return delivery instanceof OpenDelivery ? delivery.entry : undefined
  }

  get consumer(): Consumer | undefined {
    return this.#consumer
  }

  [Symbol.asyncIterator](): AsyncIterator<Delivery<unknown>> {
    return {
      next: () => this.#next(),
      return: async () => {
        this.#leave()
        return { done: true, value: undefined }
      },
    }
  }

  close(options?: CloseOptions): Promise<void> {
    try {
      const drainMs = checkedDrainMs('close', options)
      return this.#closeOnce(drainMs)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #next(): Promise<IteratorResult<Delivery<unknown>>> {
    if (this.#left || this.#over) return END
    if (this.#consumer === undefined) {
      this.#starting ??= this.#setup.start(() => this.#wake())
      this.#consumer = await this.#starting
    }
    const reader = deferred<IteratorResult<Delivery<unknown>>>()
    this.#readers.push(reader)
    this.#wake()
    return reader.promise
  }

  #wake(): void {
    const consumer = this.#consumer
    if (consumer === undefined) return
    if (consumer.failure !== undefined) {
      this.#finish((reader) => reader.reject(consumer.failure))
      return
    }
    while (this.#readers.length > this.#opening) {
      const entry = consumer.next()
      if (entry === undefined) break
      this.#hand(consumer, entry)
    }
    const empty = this.#setup.untilEmpty && this.#opening === 0 && consumer.empty
    if (empty && this.#readers.length > 0) this.#end()
    else if (consumer.stopped && this.#readers.length > 0) this.#finish((reader) => reader.resolve(END))
    this.#maybeOver()
  }

  #hand(consumer: Consumer, entry: Entry): void {
    const give = (delivery: OpenDelivery | undefined) => {
      if (delivery === undefined) return
      this.#readers.shift()?.resolve({ done: false, value: delivery })
    }
    const opened = consumer.open(entry)
    if (!(opened instanceof Promise)) {
      give(opened)
      return
    }
    this.#opening += 1
    const arrived = opened.then((delivery) => {
      this.#opening -= 1
      give(delivery)
      this.#wake()
    })
    toldElsewhere(arrived)
  }

  /** `break`, or the end of an `untilEmpty` loop. */
  #leave(): void {
    if (this.#left) return
    this.#left = true
    this.#consumer?.stopTaking()
    this.#finish((reader) => reader.resolve(END))
    this.#maybeOver()
  }

  #end(): void {
    this.#leave()
  }

  /** After the loop nothing is left to hold on to once all that was handed out is settled. */
  #maybeOver(): void {
    const consumer = this.#consumer
    if (!this.#left || this.#closed !== undefined || consumer === undefined || consumer.stats.unsettled > consumer.kept)
      return
    toldElsewhere(this.#closeOnce(0))
  }

  #finish(tell: (reader: Deferred<IteratorResult<Delivery<unknown>>>) => void): void {
    for (const reader of this.#readers.splice(0)) tell(reader)
  }

  #closeOnce(drainMs: number | undefined): Promise<void> {
    if (this.#closed === undefined) {
      // Set before anything runs: closing gives messages back, and that wakes this loop.
      const closed = deferred<void>()
      this.#closed = closed.promise
      this.#close(drainMs).then(closed.resolve, closed.reject)
    }
    return this.#closed
  }

  async #close(drainMs: number | undefined): Promise<void> {
    this.#left = true
    const consumer = this.#consumer ?? (await this.#starting?.catch(() => undefined))
    // Nobody runs here: what is out is the application's, and it has had its time when it closes.
    await consumer?.close(drainMs ?? 0, () => Promise.resolve())
    this.#over = true
    this.#finish((reader) => reader.resolve(END))
    this.#setup.over()
  }
}

const END: IteratorReturnResult<undefined> = { done: true, value: undefined }

const NOTHING_YET: WorkerStats = Object.freeze({
  running: 0,
  unsettled: 0,
  acked: 0,
  retried: 0,
  deadLettered: 0,
  dropped: 0,
  expired: 0,
  lost: 0,
})
