import type { DeadLettersRef, QueueRef, SubscriptionRef } from '@anybroker/driver'
import type { Deliveries, ReceiveOptions } from '../api/consume.ts'
import type { AdminOptions, DeadLetters, Letter, RedriveOptions, Redriven } from '../api/entities.ts'
import type { Delivery } from '../api/message.ts'
import type { Body } from '../codec/body.ts'
import { integer, known, optionalFunction, optionalSignal } from '../options/check.ts'
import type { Loop } from '../receive/loop.ts'
import { compose, type Composing } from '../send/compose.ts'
import { liveCopy } from '../settle/bury.ts'
import { deadLettersOf, labelOf, type Core } from './core.ts'
import { SourceOf } from './source.ts'

/** How many skipped letters a redrive holds on to before it sends further ones to the tail of the dead letters. */
const WINDOW = 1_000

/** The dead letters of one queue or one durable subscription (D9). */
export class DeadLettersOf<T> implements DeadLetters<T> {
  readonly #core: Core
  readonly #owner: QueueRef | SubscriptionRef
  readonly #name: string
  readonly #composing: Composing<T>
  readonly #prepare: () => Promise<void>
  readonly #source: SourceOf

  constructor(
    core: Core,
    owner: QueueRef | SubscriptionRef,
    name: string,
    body: Body<T>,
    prepare: () => Promise<void>,
  ) {
    const ref: DeadLettersRef = deadLettersOf(owner)
    this.#core = core
    this.#owner = owner
    this.#name = labelOf(ref)
    this.#prepare = prepare
    this.#composing = {
      action: `redrive of ${this.#name}`,
      body,
      ordered: owner.ordering === 'key',
      capabilities: () => core.capabilities,
      driver: core.driver,
      runtime: core.runtime,
      limits: core.options.limits,
      source: undefined,
    }
    this.#source = new SourceOf({
      core,
      ref,
      label: this.#name,
      name: `${name} (dead letters)`,
      ordered: false,
      body: body as Body<unknown>,
      retry: undefined,
      prepare,
      undertaker: () => ({ as: 'letters' }),
    })
  }

  async count(options?: AdminOptions): Promise<number> {
    const { ready, inHand, delayed } = await this.#source.depth(options)
    return ready + (inHand ?? 0) + (delayed ?? 0)
  }

  receive(options?: ReceiveOptions): Deliveries<T | undefined> {
    return this.#source.receive(options) as Deliveries<unknown> as Deliveries<T | undefined>
  }

  async peek(options?: AdminOptions & { readonly max?: number }): Promise<readonly Letter<T>[]> {
    return (await this.#source.peek(options)) as readonly unknown[] as readonly Letter<T>[]
  }

  purge(options?: AdminOptions): Promise<number | undefined> {
    return this.#source.purge(options)
  }

  async redrive(given?: RedriveOptions<T>): Promise<Redriven> {
    const what = `redrive of ${this.#name}: options`
    const options = known<RedriveOptions<T>>(what, given, ['where', 'change', 'max', 'signal'])
    optionalFunction(`${what}.where`, options.where)
    optionalFunction(`${what}.change`, options.change)
    optionalSignal(`${what}.signal`, options.signal)
    const max = integer(`${what}.max`, options.max, {
      min: 1,
      max: Number.MAX_SAFE_INTEGER,
      fallback: Number.MAX_SAFE_INTEGER,
    })
    this.#core.assertOpen()
    const { signal } = options
    const loop = this.#source.receive({
      untilEmpty: true,
      maxUnsettled: WINDOW,
      ...(signal === undefined ? {} : { signal }),
    })
    const counts = { redriven: 0, skipped: 0 }
    try {
      const skipped = new Set<string>()
      for await (const delivery of loop) {
        signal?.throwIfAborted()
        const letter = delivery as unknown as Letter<T>
        if (options.where === undefined || options.where(letter)) {
          await this.#sendBack(delivery, letter, options)
          counts.redriven += 1
          if (counts.redriven >= max) break
        } else {
          await this.#skip(loop, delivery, skipped)
        }
      }
      signal?.throwIfAborted()
      counts.skipped = skipped.size
      return counts
    } finally {
      await loop.close()
    }
  }

  /** Held until the end where there is room; else to the tail, confirmed, so that those behind it are seen too. */
  async #skip(loop: Loop, delivery: Delivery<unknown>, skipped: Set<string>): Promise<void> {
    const entry = loop.entryOf(delivery)
    const seen = skipped.has(delivery.id)
    skipped.add(delivery.id)
    if (entry === undefined || seen || skipped.size <= WINDOW / 2) await delivery.retry()
    else await loop.consumer?.settling.toTail(entry)
  }

  /** Confirmed where it came from, and only then acked here: a crash between the two is a duplicate. */
  async #sendBack(
    delivery: Delivery<unknown>,
    letter: Letter<T>,
    { change, signal }: RedriveOptions<T>,
  ): Promise<void> {
    const entry = delivery as unknown as { readonly wire: Parameters<typeof liveCopy>[0] }
    let copy = liveCopy(entry.wire)
    if (change !== undefined) {
      const mended = known<ReturnType<typeof change>>(
        `redrive of ${this.#name}: what change returned`,
        change(letter),
        ['body', 'headers'],
      )
      const { key } = copy
      const composed = await compose(this.#composing, mended.body, {
        id: copy.id,
        ...(key === undefined ? {} : { key }),
        ...(mended.headers === undefined ? {} : { headers: mended.headers }),
      })
      copy = { ...copy, body: composed.body, headers: mended.headers === undefined ? copy.headers : composed.headers }
    }
    const outbox = this.#core.outbox(this.#owner, this.#prepare)
    await outbox.submit(copy, { timeoutMs: this.#core.options.sendTimeoutMs, signal })
    await delivery.ack()
  }
}
