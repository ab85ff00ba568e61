import { BrokerError, shown, type Depth, type Filter, type SubscriptionRef } from '@anybroker/driver'
import type {
  BatchHandler,
  BatchOptions,
  ConsumeOptions,
  Deliveries,
  Handler,
  ReceiveOptions,
  RetryPolicy,
  Worker,
} from '../api/consume.ts'
import type { AdminOptions, DeadLetters, DurableSubscription } from '../api/entities.ts'
import type { Message } from '../api/message.ts'
import type { Body } from '../codec/body.ts'
import { deadLettersOf, noMethod, type Core } from './core.ts'
import { DeadLettersOf } from './letters.ts'
import { SourceOf } from './source.ts'

export interface DurableSetup<T> {
  readonly core: Core
  readonly ref: SubscriptionRef
  readonly body: Body<T>
  readonly filter: Filter | undefined
  readonly retry: RetryPolicy | undefined
  /** With `never` and `verify` the dead-letter queue was not created with it, and is looked for when a consumer starts. */
  readonly created: boolean
}

/** Keeps messages while its consumers are away. It exists already: whoever made this object provisioned it. */
export class DurableSubscriptionOf<T> implements DurableSubscription<T> {
  readonly name: string
  readonly topic: string
  readonly deadLetters: DeadLetters<T>
  readonly #core: Core
  readonly #ref: SubscriptionRef
  readonly #source: SourceOf

  constructor({ core, ref, body, filter, retry, created }: DurableSetup<T>) {
    const name = `${ref.topic}/${ref.name}`
    // Nothing to prepare: after `unsubscribe` it must not come to life again by itself.
    const prepare = () => Promise.resolve()
    const letters = () => core.outbox(deadLettersOf(ref), prepare)
    this.name = ref.name
    this.topic = ref.topic
    this.#core = core
    this.#ref = ref
    this.#source = new SourceOf({
      core,
      ref,
      label: `subscription ${name}`,
      name,
      ordered: ref.ordering === 'key',
      body: body as Body<unknown>,
      retry,
      prepare,
      undertaker: () => ({ as: 'bury', outbox: letters(), origin: name }),
      beforeConsume: async (signal) => {
        if (!created) await letters().open(core.options.connectTimeoutMs, signal)
      },
      filter,
    })
    this.deadLetters = new DeadLettersOf(core, ref, name, body, prepare)
  }

  consume(handler: Handler<T>, options?: ConsumeOptions): Promise<Worker> {
    return this.#source.consume(handler as Handler<unknown>, options)
  }

  consumeBatch(handler: BatchHandler<T>, options?: BatchOptions): Promise<Worker> {
    return this.#source.consumeBatch(handler as BatchHandler<unknown>, options)
  }

  receive(options?: ReceiveOptions): Deliveries<T> {
    return this.#source.receive(options) as Deliveries<unknown> as Deliveries<T>
  }

  depth(options?: AdminOptions & { readonly exact?: boolean }): Promise<Depth> {
    return this.#source.depth(options)
  }

  async peek(options?: AdminOptions & { readonly max?: number }): Promise<readonly Message<T>[]> {
    return (await this.#source.peek(options)) as readonly Message<T>[]
  }

  purge(options?: AdminOptions): Promise<number | undefined> {
    return this.#source.purge(options)
  }

  async seek(to: Date | 'start', options?: AdminOptions): Promise<void> {
    const action = `seek of subscription ${this.topic}/${this.name}`
    if (to !== 'start' && !(to instanceof Date && Number.isFinite(to.getTime()))) {
      throw new TypeError(`${action}: to must be a valid Date or 'start'; got ${shown(to)}`)
    }
    this.#core.demand('R1', action)
    await this.#core.admin(
      action,
      options,
      (connection, signal) => connection.admin.seek?.(this.#ref, to, signal) ?? noMethod('R1', this.#core.driver),
    )
  }

  async unsubscribe(options?: AdminOptions): Promise<void> {
    const action = `unsubscribe of ${this.topic}/${this.name}`
    this.#core.assertOpen()
    options?.signal?.throwIfAborted()
    const consumers = this.#core.consumers(this.#ref)
    if (consumers > 0)
      throw new BrokerError(
        'CONFLICT',
        `${action}: ${consumers} of its consumers are live in this process; close them first`,
      )
    const deleted = await this.#core.admin(action, options, (connection, signal) =>
      connection.topology.delete(this.#ref, signal),
    )
    this.#core.provisioner.forget(this.#ref)
    await this.#core.dropOutboxes(this.#ref, deadLettersOf(this.#ref))
    if (!deleted) throw new BrokerError('NOT_FOUND', `${action}: it does not exist on ${this.#core.driver}`)
  }
}
