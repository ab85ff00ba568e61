import {
  checkedFilter,
  operatorOf,
  type Connection,
  type EntitySettings,
  type Filter,
  type SubscriptionRef,
  type TopicRef,
} from '@anybroker/driver'
import type { ConsumeOptions, Handler, Worker } from '../api/consume.ts'
import type { AdminOptions, DurableSubscription, SubscriptionOptions, Topic, TopicOptions } from '../api/entities.ts'
import type { Outgoing, SendAllOptions, SendOptions, Sent } from '../api/message.ts'
import { Body, chooseCodec } from '../codec/body.ts'
import { known, oneOf, optionalSignal } from '../options/check.ts'
import { fullRetryPolicy } from '../options/retry-policy.ts'
import { whileNotAborted } from '../time/deadline.ts'
import type { Core } from './core.ts'
import { Publisher } from './publisher.ts'
import { checkedName, SourceOf } from './source.ts'
import { DurableSubscriptionOf } from './subscription.ts'

/** Events, published to whoever subscribed. No I/O until the first call that needs it. */
export class TopicOf<T> implements Topic<T> {
  readonly name: string
  readonly #core: Core
  readonly #ref: TopicRef
  readonly #body: Body<T>
  readonly #options: TopicOptions<T>
  readonly #prepare: () => Promise<void>
  readonly #publisher: Publisher<T>

  constructor(core: Core, name: string, options: TopicOptions<T>) {
    const ordering = options.ordering ?? 'none'
    const label = `topic ${name}`
    if (ordering === 'key') core.demand('O1', `${label}: ordering: 'key'`)
    const body = new Body<T>(chooseCodec(`${label}: options.codec`, options.codec), options.schema)
    const ref: TopicRef = { kind: 'topic', name, ordering }
    const native = options.native?.[core.driver]
    const settings: EntitySettings = native === undefined ? {} : { native }
    const prepare = () =>
      core.provisioner.once(ref, settings, core.provision(options.provision), core.options.connectTimeoutMs)

    this.name = name
    this.#core = core
    this.#ref = ref
    this.#body = body
    this.#options = options
    this.#prepare = prepare
    this.#publisher = new Publisher(
      core,
      label,
      {
        action: `publish to ${label}`,
        body,
        ordered: ordering === 'key',
        capabilities: () => core.capabilities,
        driver: core.driver,
        runtime: core.runtime,
        limits: core.options.limits,
        source: core.options.source,
      },
      () => core.outbox(ref, prepare),
    )
  }

  async open(options?: AdminOptions): Promise<void> {
    await this.#core.inTime(`open of topic ${this.name}`, options, this.#prepare)
  }

  publish(body: T, options?: SendOptions): Promise<Sent> {
    return this.#publisher.send(body, options)
  }

  publishAll(messages: Iterable<Outgoing<T>>, options?: SendAllOptions): Promise<readonly Sent[]> {
    return this.#publisher.sendAll(messages, options)
  }

  async durableSubscription(name: string, given?: SubscriptionOptions): Promise<DurableSubscription<T>> {
    const what = `durableSubscription of topic ${this.name}`
    checkedName(`${what}: the name`, name)
    const options = known<SubscriptionOptions>(`${what}: options`, given, [
      'filter',
      'from',
      'retry',
      'native',
      'signal',
    ])
    optionalSignal(`${what}: options.signal`, options.signal)
    const from = oneOf(`${what}: options.from`, options.from, ['now', 'earliest'], 'now')
    const retry = fullRetryPolicy(`${what}: options.retry`, options.retry)
    const filter = this.#checkedFilter(what, options.filter)
    if (from === 'earliest') this.#core.demand('R2', `${what}: from: 'earliest'`)
    this.#core.assertNotClosing()
    options.signal?.throwIfAborted()

    const ref: SubscriptionRef = {
      kind: 'subscription',
      topic: this.name,
      name,
      ordering: this.#ref.ordering,
      durability: 'durable',
    }
    const provision = this.#core.provision(this.#options.provision)
    const settings = this.#settings({ from, maxAttempts: retry.maxAttempts }, filter, options.native)
    // Not once and for all: the caller may come with other options, or after it was unsubscribed.
    this.#core.provisioner.forget(ref)
    const provisioned = async (): Promise<void> => {
      await this.#prepare()
      await this.#core.provisioner.once(ref, settings, provision, this.#core.options.connectTimeoutMs)
    }
    await whileNotAborted(provisioned(), options.signal)
    return new DurableSubscriptionOf({
      core: this.#core,
      ref,
      body: this.#body,
      filter,
      retry: options.retry,
      created: provision === 'create',
    })
  }

  async subscribe(
    handler: Handler<T>,
    given?: ConsumeOptions & Pick<SubscriptionOptions, 'filter' | 'native'>,
  ): Promise<Worker> {
    const core = this.#core
    const what = `subscribe to topic ${this.name}`
    core.assertOpen()
    const { filter: givenFilter, native, ...options } = given ?? {}
    const filter = this.#checkedFilter(what, givenFilter)
    core.demand('E1', what)
    core.assertNotClosing()
    const name = `e${core.runtime.id().replaceAll('-', '')}`
    const ref: SubscriptionRef = {
      kind: 'subscription',
      topic: this.name,
      name,
      ordering: this.#ref.ordering,
      durability: 'ephemeral',
    }
    const settings = this.#settings({ from: 'now' }, filter, native)
    let attached = false
    const source = new SourceOf({
      core,
      ref,
      label: `topic ${this.name}`,
      name: this.name,
      ordered: ref.ordering === 'key',
      body: this.#body as Body<unknown>,
      retry: undefined,
      prepare: this.#prepare,
      undertaker: () => ({ as: 'drop' }),
      filter,
      beforeAttach: async (connection, signal) => {
        const ensured = await connection.topology.ensure(ref, settings, signal)
        if (attached && ensured.as === 'created')
          core.events.emit('gap', { topic: this.name, reason: 'the subscription was gone after an outage' })
        attached = true
      },
      afterClose: () => this.#deleteEphemeral(ref),
    })
    return source.consume(handler as Handler<unknown>, options)
  }

  async delete(options?: AdminOptions): Promise<boolean> {
    const deleted = await this.#core.admin(`delete of topic ${this.name}`, options, (connection, signal) =>
      connection.topology.delete(this.#ref, signal),
    )
    this.#core.provisioner.forget(this.#ref)
    await this.#core.dropOutboxes(this.#ref)
    return deleted
  }

  #checkedFilter(what: string, given: Filter | undefined): Filter | undefined {
    if (given === undefined) return undefined
    const filter = checkedFilter(`${what}: options.filter`, given)
    for (const match of Object.values(filter)) this.#core.demand(`R3.${operatorOf(match)}`, `${what}: the filter`)
    return filter
  }

  #settings(base: EntitySettings, filter: Filter | undefined, native: SubscriptionOptions['native']): EntitySettings {
    const own = native?.[this.#core.driver]
    return { ...base, ...(filter === undefined ? {} : { filter }), ...(own === undefined ? {} : { native: own }) }
  }

  /** What can't be deleted now is reaped by the broker or by `maintain`: the consumer is closed all the same. */
  async #deleteEphemeral(ref: SubscriptionRef): Promise<void> {
    const { link, runtime } = this.#core
    const connection: Connection | undefined = link.present
    if (connection === undefined) return
    try {
      await link.run(
        `closing an ephemeral subscription of ${this.name}`,
        { timeoutMs: EPHEMERAL_CLOSE_MS },
        (live, signal) => live.topology.delete(ref, signal),
      )
    } catch (error) {
      runtime.log(
        'warn',
        `anybroker: an ephemeral subscription of ${this.name} could not be deleted; it expires by itself`,
        { error },
      )
    }
  }
}

const EPHEMERAL_CLOSE_MS = 1_000
