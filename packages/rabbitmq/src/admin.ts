import type { Admin, Depth, SourceRef, SubscriptionRef } from '@anybroker/driver'
import type { Channel } from 'amqplib'
import { notFound, replyCode } from './errors.ts'
import { described } from './names.ts'
import type { Seeks } from './seek.ts'
import type { Session } from './session.ts'

/** What AMQP itself can tell: a queue's ready messages. And a seek, where there are streams. */
export class RabbitAdmin implements Admin {
  readonly seek?: (ref: SubscriptionRef, to: Date | 'start', signal: AbortSignal) => Promise<void>
  readonly #session: Session

  constructor(session: Session, seeks: Seeks | undefined) {
    this.#session = session
    if (seeks !== undefined) this.seek = (ref, to, signal) => seeks.seek(ref, to, signal)
  }

  async depth(ref: SourceRef, signal: AbortSignal): Promise<Depth> {
    const ready = await this.#sum('counting', ref, signal, (channel, queue) => channel.checkQueue(queue))
    return { ready }
  }

  async purge(ref: SourceRef, signal: AbortSignal): Promise<number> {
    return this.#sum('purging', ref, signal, (channel, queue) => channel.purgeQueue(queue))
  }

  async #sum(
    action: string,
    ref: SourceRef,
    signal: AbortSignal,
    ask: (channel: Channel, queue: string) => Promise<{ readonly messageCount: number }>,
  ): Promise<number> {
    this.#session.check()
    signal.throwIfAborted()
    try {
      return await this.#session.aside(async (channel) => {
        let sum = 0
        for (const queue of this.#session.names.queues(ref)) sum += (await ask(channel, queue)).messageCount
        return sum
      })
    } catch (error) {
      if (replyCode(error) === 404) throw notFound(`${action} ${described(ref)}`, ref, error)
      throw error
    }
  }
}
