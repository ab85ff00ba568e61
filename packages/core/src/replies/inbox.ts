import type { InboxRef } from '@anybroker/driver'
import type { Message } from '../api/message.ts'
import { Body } from '../codec/body.ts'
import { bytes } from '../codec/plain.ts'
import type { Core } from '../entities/core.ts'
import { consumeOptions } from '../options/consume-options.ts'
import { Consumer } from '../receive/consumer.ts'
import { MessageView } from '../receive/message-view.ts'
import type { OpenDelivery } from '../receive/open-delivery.ts'
import { runHandler } from '../receive/run-handler.ts'
import { deferred, type Deferred } from '../time/deferred.ts'
import { replyBody } from './reply.ts'

/** Where the replies of one broker object arrive: one consumer, and who waits for what. */
export class Inbox {
  readonly #consumer: Consumer
  readonly #waiting: Map<string, Deferred<Message<unknown>>>

  private constructor(consumer: Consumer, waiting: Map<string, Deferred<Message<unknown>>>) {
    this.#consumer = consumer
    this.#waiting = waiting
  }

  static async open(core: Core): Promise<Inbox> {
    const waiting = new Map<string, Deferred<Message<unknown>>>()
    // After a reconnect it asks for the same address, so that replies under way still find it.
    const ref: { -readonly [F in keyof InboxRef]: InboxRef[F] } = { kind: 'inbox' }
    const consumer = new Consumer({
      link: core.link,
      events: core.events,
      source: ref,
      name: 'the reply inbox',
      ordered: false,
      options: consumeOptions(
        'inbox',
        { concurrency: CONCURRENCY, drainMs: 0 },
        { retry: { maxAttempts: 1 }, drainMs: 0 },
      ),
      undertaker: { as: 'drop' },
      body: new Body<unknown>(bytes, undefined),
      filter: undefined,
      sendTimeoutMs: core.options.sendTimeoutMs,
      settleTimeoutMs: core.options.settleTimeoutMs,
      openTimeoutMs: core.options.connectTimeoutMs,
      reply: () => Promise.reject(new TypeError('reply: a reply has no reply')),
    })
    const { wake } = runHandler(consumer, (delivery) => arrived(waiting, delivery as OpenDelivery))
    await consumer.start(wake, undefined)
    if (consumer.address !== undefined) ref.address = consumer.address
    return new Inbox(consumer, waiting)
  }

  /** Whether its consumer still takes; a failed one is opened anew by the next request. */
  get alive(): boolean {
    return !this.#consumer.stopped
  }

  get address(): string {
    return this.#consumer.address ?? ''
  }

  /** Resolves with the reply; forgotten when the signal aborts, so that a late one is dropped. */
  expect(correlationId: string, signal: AbortSignal): Promise<Message<unknown>> {
    const reply = deferred<Message<unknown>>()
    this.#waiting.set(correlationId, reply)
    const forget = () => {
      this.#waiting.delete(correlationId)
      reply.reject(signal.reason)
    }
    signal.addEventListener('abort', forget, { once: true })
    return reply.promise.finally(() => {
      signal.removeEventListener('abort', forget)
      this.#waiting.delete(correlationId)
    })
  }

  close(): Promise<void> {
    return this.#consumer.close(0, () => Promise.resolve())
  }
}

const CONCURRENCY = 100

async function arrived(waiting: Map<string, Deferred<Message<unknown>>>, delivery: OpenDelivery): Promise<void> {
  const { correlationId, wire } = delivery
  const reply = correlationId === undefined ? undefined : waiting.get(correlationId)
  // Late, or not ours: nobody waits for it.
  if (reply === undefined) return
  try {
    reply.resolve(new MessageView(wire, await replyBody(wire)))
  } catch (error) {
    reply.reject(error)
  }
}
