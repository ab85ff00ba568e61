import { isDeepStrictEqual } from 'node:util'
import type { Capabilities, EntityRef } from '@anybroker/driver'
import type { Broker } from './api/broker.ts'
import type { CloseOptions } from './api/consume.ts'
import type { AdminOptions, Queue, QueueOptions, Topic, TopicOptions } from './api/entities.ts'
import type { BrokerEvents } from './api/events.ts'
import { noMethod, type Core } from './entities/core.ts'
import { QueueOf } from './entities/queue.ts'
import { checkedName } from './entities/source.ts'
import { TopicOf } from './entities/topic.ts'
import { known, oneOf } from './options/check.ts'
import { checkedDrainMs } from './receive/worker.ts'

/** `close` ends at most that long after the drain (C1): sends may use up four fifths of it. */
const CLOSE_MS = 5_000

/** The broker as the application holds it. */
export class BrokerOf implements Broker {
  readonly #core: Core
  /** Maps: a queue may be called `constructor`. */
  readonly #queues = new Map<string, Known<QueueOptions<unknown>, QueueOf<unknown>>>()
  readonly #topics = new Map<string, Known<TopicOptions<unknown>, TopicOf<unknown>>>()
  #closed: Promise<void> | undefined

  constructor(core: Core) {
    this.#core = core
  }

  get driver(): string {
    return this.#core.driver
  }

  get capabilities(): Capabilities {
    return this.#core.capabilities
  }

  get native(): unknown {
    return this.#core.link.present?.native
  }

  queue<T = unknown>(name: string, given?: QueueOptions<T>): Queue<T> {
    this.#core.assertNotClosing()
    const queue = this.#known(
      'queue',
      this.#queues,
      name,
      given as QueueOptions<unknown>,
      QUEUE_OPTIONS,
      (options) => new QueueOf(this.#core, name, options),
    )
    return queue as unknown as Queue<T>
  }

  topic<T = unknown>(name: string, given?: TopicOptions<T>): Topic<T> {
    this.#core.assertNotClosing()
    const topic = this.#known(
      'topic',
      this.#topics,
      name,
      given as TopicOptions<unknown>,
      TOPIC_OPTIONS,
      (options) => new TopicOf(this.#core, name, options),
    )
    return topic as unknown as Topic<T>
  }

  async list(options?: AdminOptions): Promise<readonly EntityRef[]> {
    this.#core.demand('A6', 'list')
    return this.#core.admin(
      'list',
      options,
      (connection, signal) => connection.topology.list?.(signal) ?? noMethod('A6', this.#core.driver),
    )
  }

  on<E extends keyof BrokerEvents>(event: E, listener: (facts: BrokerEvents[E]) => void): () => void {
    return this.#core.events.on(event, listener)
  }

  close(options?: CloseOptions): Promise<void> {
    try {
      const drainMs = checkedDrainMs('close', options)
      this.#closed ??= this.#close(drainMs)
      return this.#closed
    } catch (error) {
      return Promise.reject(error)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Consumers first, because their handlers may send; then what is sent; then the connection. */
  async #close(drainMs: number | undefined): Promise<void> {
    const core = this.#core
    const { runtime } = core
    core.closing = true
    const end = new AbortController()
    const endSends = new AbortController()
    const drain = drainMs ?? core.options.drainMs
    const cancelSends = runtime.timer(drain + CLOSE_MS * 0.8, () => endSends.abort())
    const cancel = runtime.timer(drain + CLOSE_MS, () => end.abort())
    const consumers = core.closables.map((closable) => closable.close(drainMs === undefined ? undefined : { drainMs }))
    await Promise.allSettled([...consumers, core.closeInbox()])
    core.closed = true
    await Promise.allSettled(core.outboxes.map((outbox) => outbox.close(endSends.signal)))
    await core.link.close(end.signal)
    cancelSends()
    cancel()
  }

  #known<O extends object, E>(
    kind: string,
    all: Map<string, Known<O, E>>,
    name: string,
    given: O | undefined,
    names: readonly (keyof O & string)[],
    make: (options: O) => E,
  ): E {
    checkedName(`the name of a ${kind}`, name)
    const before = all.get(name)
    if (before !== undefined && given === undefined) return before.entity
    const options = known<O>(`${kind} ${name}: options`, given, names)
    if (before !== undefined) {
      if (isDeepStrictEqual(withDefaults(before.options), withDefaults(options))) return before.entity
      throw new TypeError(`${kind} ${name} was opened with other options before: give the same, or none`)
    }
    checkShared(`${kind} ${name}: options`, options)
    const entity = make(options)
    all.set(name, { options, entity })
    return entity
  }
}

/** So that naming a default is not another option. */
function withDefaults(options: object): object {
  const named = Object.entries(options).filter(([, value]) => value !== undefined)
  return { codec: 'json', ordering: 'none', ...Object.fromEntries(named) }
}

interface Known<O, E> {
  readonly options: O
  readonly entity: E
}

const TOPIC_OPTIONS = ['codec', 'schema', 'ordering', 'provision', 'native'] as const
const QUEUE_OPTIONS = [...TOPIC_OPTIONS, 'retry'] as const

function checkShared(what: string, options: TopicOptions<unknown>): void {
  oneOf(`${what}.ordering`, options.ordering, ['none', 'key'], 'none')
  oneOf(`${what}.provision`, options.provision, ['create', 'verify', 'never'], 'create')
  const { schema, native } = options
  const standard = schema?.['~standard']
  if (schema !== undefined && (standard?.version !== 1 || typeof standard.validate !== 'function')) {
    throw new TypeError(`${what}.schema must be a Standard Schema, version 1`)
  }
  if (native !== undefined && (typeof native !== 'object' || native === null)) {
    throw new TypeError(`${what}.native must be an object of blocks by driver name`)
  }
}
