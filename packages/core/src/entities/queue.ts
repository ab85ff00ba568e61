import type { Depth, EntitySettings, QueueRef } from '@anybroker/driver'
import type {
  BatchHandler,
  BatchOptions,
  ConsumeOptions,
  Deliveries,
  Handler,
  ReceiveOptions,
  Worker,
} from '../api/consume.ts'
import type { AdminOptions, DeadLetters, Queue, QueueOptions } from '../api/entities.ts'
import type { Message, Outgoing, SendAllOptions, SendOptions, Sent } from '../api/message.ts'
import { Body, chooseCodec } from '../codec/body.ts'
import { fullRetryPolicy } from '../options/retry-policy.ts'
import { request } from '../replies/request.ts'
import { deadLettersOf, type Core } from './core.ts'
import { DeadLettersOf } from './letters.ts'
import { Publisher } from './publisher.ts'
import { SourceOf } from './source.ts'

/** Point-to-point. No I/O until the first call that needs it. */
export class QueueOf<T> implements Queue<T> {
  readonly name: string
  readonly deadLetters: DeadLetters<T>
  readonly #core: Core
  readonly #ref: QueueRef
  readonly #prepare: () => Promise<void>
  readonly #publisher: Publisher<T>
  readonly #source: SourceOf

  constructor(core: Core, name: string, options: QueueOptions<T>) {
    const ordering = options.ordering ?? 'none'
    const ordered = ordering === 'key'
    const label = `queue ${name}`
    if (ordered) core.demand('O1', `${label}: ordering: 'key'`)
    const retry = fullRetryPolicy(`${label}: options.retry`, options.retry)
    const native = options.native?.[core.driver]
    const settings: EntitySettings = { maxAttempts: retry.maxAttempts, ...(native === undefined ? {} : { native }) }
    const body = new Body<T>(chooseCodec(`${label}: options.codec`, options.codec), options.schema)
    const ref: QueueRef = { kind: 'queue', name, ordering }
    const prepare = () =>
      core.provisioner.once(ref, settings, core.provision(options.provision), core.options.connectTimeoutMs)
    const outbox = () => core.outbox(ref, prepare)
    const letters = () => core.outbox(deadLettersOf(ref), prepare)

    this.name = name
    this.#core = core
    this.#ref = ref
    this.#prepare = prepare
    this.#publisher = new Publisher(
      core,
      label,
      {
        action: `send to ${label}`,
        body,
        ordered,
        capabilities: () => core.capabilities,
        driver: core.driver,
        runtime: core.runtime,
        limits: core.options.limits,
        source: core.options.source,
      },
      outbox,
    )
    this.#source = new SourceOf({
      core,
      ref,
      label,
      name,
      ordered,
      body: body as Body<unknown>,
      retry: options.retry,
      prepare,
      undertaker: () => ({ as: 'bury', outbox: letters(), origin: name }),
      beforeConsume: async (signal) => {
        // Nothing was created, so nothing says that dead letters have a place to go; better now than with the first of them.
        if (core.provision(options.provision) !== 'create') await letters().open(core.options.connectTimeoutMs, signal)
      },
    })
    this.deadLetters = new DeadLettersOf(core, ref, name, body, prepare)
  }

  async open(options?: AdminOptions): Promise<void> {
    await this.#core.inTime(`open of queue ${this.name}`, options, this.#prepare)
  }

  send(body: T, options?: SendOptions): Promise<Sent> {
    return this.#publisher.send(body, options)
  }

  sendAll(messages: Iterable<Outgoing<T>>, options?: SendAllOptions): Promise<readonly Sent[]> {
    return this.#publisher.sendAll(messages, options)
  }

  request<R = unknown>(
    body: T,
    options?: Omit<SendOptions, 'until' | 'replyTo' | 'correlationId'>,
  ): Promise<Message<R>> {
    return request<R>(this.#core, `request to queue ${this.name}`, options, (sendOptions) =>
      this.send(body, sendOptions),
    )
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

  async delete(options?: AdminOptions): Promise<boolean> {
    const deleted = await this.#core.admin(`delete of queue ${this.name}`, options, (connection, signal) =>
      connection.topology.delete(this.#ref, signal),
    )
    this.#core.provisioner.forget(this.#ref)
    await this.#core.dropOutboxes(this.#ref, deadLettersOf(this.#ref))
    return deleted
  }
}
