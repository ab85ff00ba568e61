import { assertName, type Depth, type Filter, type SourceRef } from '@anybroker/driver'
import type {
  BatchHandler,
  BatchOptions,
  ConsumeOptions,
  Handler,
  ReceiveOptions,
  RetryPolicy,
  Worker,
} from '../api/consume.ts'
import type { AdminOptions } from '../api/entities.ts'
import type { Message } from '../api/message.ts'
import type { Body } from '../codec/body.ts'
import { integer, optionalBoolean } from '../options/check.ts'
import { batchOptions, consumeOptions, receiveOptions, type FullConsumeOptions } from '../options/consume-options.ts'
import { Consumer } from '../receive/consumer.ts'
import { Loop } from '../receive/loop.ts'
import { MessageView } from '../receive/message-view.ts'
import { runBatch } from '../receive/run-batch.ts'
import { runHandler } from '../receive/run-handler.ts'
import type { ConsumerSetup, Undertaker } from '../receive/setup.ts'
import { RunningWorker } from '../receive/worker.ts'
import type { Tasks } from '../settle/tasks.ts'
import { toldElsewhere } from '../time/deferred.ts'
import { noMethod, type Core } from './core.ts'
import { replyTo } from '../replies/reply.ts'

/** What can be consumed from, as core sees it: a queue, a subscription, dead letters. */
export interface SourceSetup {
  readonly core: Core
  readonly ref: SourceRef
  /** `queue orders`, `subscription order-placed/billing`. */
  readonly label: string
  /** `orders`, `order-placed/billing`. */
  readonly name: string
  readonly ordered: boolean
  readonly body: Body<unknown>
  readonly retry: RetryPolicy | undefined
  /** Provisions it, as far as that is asked for; called before it is opened. */
  readonly prepare: () => Promise<void>
  readonly undertaker: () => Undertaker
  /** What must be there besides the source before a consumer may start. */
  readonly beforeConsume?: (signal: AbortSignal | undefined) => Promise<void>
  readonly filter?: Filter | undefined
  readonly beforeAttach?: ConsumerSetup['beforeAttach']
  readonly afterClose?: () => Promise<void>
}

/** Consumers of one source, and the administration that all sources share. */
export class SourceOf {
  readonly #setup: SourceSetup

  constructor(setup: SourceSetup) {
    this.#setup = setup
  }

  async consume(handler: Handler<unknown>, given: ConsumeOptions | undefined): Promise<Worker> {
    const what = `consume of ${this.#setup.label}`
    assertHandler(what, handler)
    const options = consumeOptions(`${what}: options`, given, this.#defaults)
    this.#demandLease(what, given?.maxHandlerMs, options)
    return this.#work(options, (consumer) => runHandler(consumer, handler))
  }

  async consumeBatch(handler: BatchHandler<unknown>, given: BatchOptions | undefined): Promise<Worker> {
    const what = `consumeBatch of ${this.#setup.label}`
    assertHandler(what, handler)
    const { maxBatch, ...options } = batchOptions(`${what}: options`, given, this.#defaults)
    this.#demandLease(what, given?.maxHandlerMs, options)
    return this.#work(options, (consumer) => runBatch(consumer, handler, maxBatch))
  }

  receive(given: ReceiveOptions | undefined): Loop {
    const { core, ref, label } = this.#setup
    const { untilEmpty, ...options } = receiveOptions(`receive of ${label}: options`, given, this.#defaults)
    this.#demandLease(`receive of ${label}`, given?.maxHandlerMs, options)
    const { signal } = options
    let tracked: { readonly release: () => void } | undefined
    const onAbort = () => toldElsewhere(loop.close())
    const start = async (wake: () => void): Promise<Consumer> => {
      core.assertNotClosing()
      signal?.throwIfAborted()
      tracked = core.track(loop, ref)
      try {
        const consumer = await this.#consumer(options)
        if (untilEmpty) consumer.askEmpty()
        await consumer.start(wake, signal)
        signal?.addEventListener('abort', onAbort, { once: true })
        return consumer
      } catch (error) {
        over()
        throw error
      }
    }
    const over = () => {
      tracked?.release()
      signal?.removeEventListener('abort', onAbort)
    }
    const loop: Loop = new Loop({ start, untilEmpty, over })
    return loop
  }

  async depth(given: (AdminOptions & { readonly exact?: boolean }) | undefined): Promise<Depth> {
    const { core, ref, label, prepare } = this.#setup
    const action = `depth of ${label}`
    optionalBoolean(`${action}: options.exact`, given?.exact)
    core.demand(given?.exact === true ? 'A2.exact' : 'A2', action)
    return core.admin(
      action,
      given,
      async (connection, signal) => {
        await prepare()
        return connection.admin.depth?.(ref, signal) ?? noMethod('A2', core.driver)
      },
      ['exact'],
    )
  }

  async peek(given: (AdminOptions & { readonly max?: number }) | undefined): Promise<readonly Message<unknown>[]> {
    const { core, ref, label, prepare, body } = this.#setup
    const action = `peek into ${label}`
    const max = integer(`${action}: options.max`, given?.max, { min: 1, max: 1_000, fallback: 10 })
    core.demand('A3', action)
    const wires = await core.admin(
      action,
      given,
      async (connection, signal) => {
        await prepare()
        return connection.admin.peek?.(ref, max, signal) ?? noMethod('A3', core.driver)
      },
      ['max'],
    )
    const decoded = await Promise.allSettled(wires.map(async (wire) => await body.decode(wire.body)))
    return wires.flatMap((wire, index) => {
      const one = decoded[index]
      if (one?.status === 'fulfilled') return [new MessageView(wire, one.value)]
      return ref.kind === 'dead-letters' ? [new MessageView(wire, undefined)] : []
    })
  }

  async purge(given: AdminOptions | undefined): Promise<number | undefined> {
    const { core, ref, label, prepare } = this.#setup
    const action = `purge of ${label}`
    core.demand('A4', action)
    return core.admin(action, given, async (connection, signal) => {
      await prepare()
      return connection.admin.purge?.(ref, signal) ?? noMethod('A4', core.driver)
    })
  }

  /** Where leases can't be renewed (D7), a handler has one lease; asking for more is refused, the default is not. */
  #demandLease(what: string, asked: number | undefined, { leaseMs }: FullConsumeOptions): void {
    if (asked !== undefined && asked > leaseMs)
      this.#setup.core.demand('D7', `${what}: options.maxHandlerMs beyond leaseMs`)
  }

  get #defaults(): { retry: RetryPolicy | undefined; drainMs: number } {
    return { retry: this.#setup.retry, drainMs: this.#setup.core.options.drainMs }
  }

  async #work(
    options: FullConsumeOptions,
    run: (consumer: Consumer) => { readonly wake: () => void; readonly handlers: Tasks },
  ): Promise<Worker> {
    const { core, ref, afterClose } = this.#setup
    core.assertNotClosing()
    options.signal?.throwIfAborted()
    const consumer = await this.#consumer(options)
    const { wake, handlers } = run(consumer)
    const { signal } = options
    const onAbort = () => toldElsewhere(worker.close())
    const after = async (): Promise<void> => {
      tracked.release()
      signal?.removeEventListener('abort', onAbort)
      await afterClose?.()
    }
    const worker = new RunningWorker(consumer, handlers, after)
    const tracked = core.track(worker, ref)
    try {
      await consumer.start(wake, signal)
      core.assertNotClosing()
      signal?.throwIfAborted()
    } catch (error) {
      await worker.close({ drainMs: 0 })
      throw error
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    consumer.done.then(undefined, tracked.release)
    return worker
  }

  async #consumer(options: FullConsumeOptions): Promise<Consumer> {
    const { core, ref, label, name, ordered, body, prepare, undertaker, beforeConsume, filter, beforeAttach } =
      this.#setup
    if (ordered && options.retry.onRetry === 'overtake')
      core.demand('O3', `consume of ${label}: retry.onRetry: 'overtake'`)
    const longestMs = options.retry.maxMs * (1 + options.retry.jitter)
    const { maxMs } = core.capabilities.D2
    if (longestMs > maxMs) {
      throw new TypeError(
        `consume of ${label}: retry.backoff may reach ${longestMs} ms with its jitter, and ${core.driver} can delay by ${maxMs} ms at most (D2)`,
      )
    }
    await prepare()
    await beforeConsume?.(options.signal)
    return new Consumer({
      link: core.link,
      events: core.events,
      source: ref,
      name,
      ordered,
      options,
      undertaker: undertaker(),
      body,
      filter: filter === undefined ? undefined : coresShare(core, filter),
      sendTimeoutMs: core.options.sendTimeoutMs,
      settleTimeoutMs: core.options.settleTimeoutMs,
      openTimeoutMs: core.options.connectTimeoutMs,
      ...(beforeAttach === undefined ? {} : { beforeAttach }),
      reply: (message, reply, sendOptions) => replyTo(core, message, reply, sendOptions),
    })
  }
}

/** The filter, where the driver leaves any of its operators to core; it is then applied whole, which changes nothing for the rest. */
function coresShare(core: Core, filter: Filter): Filter | undefined {
  const { capabilities } = core.link
  const native = (['R3.equals', 'R3.anyOf', 'R3.prefix', 'R3.exists'] as const).every(
    (part) => capabilities[part].grade !== 'none',
  )
  return native ? undefined : filter
}

function assertHandler(what: string, handler: unknown): void {
  if (typeof handler !== 'function')
    throw new TypeError(`${what}: the handler must be a function; got ${handler === null ? 'null' : typeof handler}`)
  if (handler.constructor.name === 'GeneratorFunction' || handler.constructor.name === 'AsyncGeneratorFunction') {
    throw new TypeError(`${what}: the handler must not be a generator: its body would never run`)
  }
}

/** What every subscription and queue checks before anything else. */
export function checkedName(what: string, name: unknown): string {
  assertName(what, name)
  return name
}
