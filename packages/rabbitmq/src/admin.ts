import type { Admin, Depth, SourceRef } from '@anybroker/driver'
import type { Channel } from 'amqplib'
import { notFound, replyCode } from './errors.ts'
import { described } from './names.ts'
import type { Session } from './session.ts'

/** What AMQP itself can tell: a queue's ready messages. */
export class RabbitAdmin implements Admin {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
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
