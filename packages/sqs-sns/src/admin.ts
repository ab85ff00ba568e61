import { type Message, GetQueueAttributesCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs'
import type { Admin, Depth, SourceRef } from '@anybroker/driver'
import { MOST_ENTRIES } from './batches.ts'
import { isMissing, notFound } from './errors.ts'
import { described } from './names.ts'
import { QueueCalls } from './queue-calls.ts'
import { request, type Session } from './session.ts'
import type { Taken } from './taken.ts'
import { fromMessage } from './wire.ts'

/** A purge hides for so long what it has received and not deleted yet. */
const PURGE_SECONDS = 30

/** So many receive and delete side by side. */
const PURGERS = 4

const COUNTS = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
] as const

export class SqsSnsAdmin implements Admin {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  async depth(ref: SourceRef, signal: AbortSignal): Promise<Depth> {
    return this.#at('counting', ref, signal, async (url) => {
      const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [...COUNTS] })
      const { Attributes = {} } = await request(signal, (options) => this.#session.clients.sqs.send(command, options))
      const [ready = 0, inHand = 0, delayed = 0] = COUNTS.map((name) => Number(Attributes[name] ?? 0))
      return { ready, inHand, delayed }
    })
  }

  /**
   * Receives and deletes until nothing waits. `PurgeQueue` deletes what is in hand too, and what is sent during the next minute. What
   * was sent after the purge began is given back.
   */
  async purge(ref: SourceRef, signal: AbortSignal): Promise<number> {
    return this.#at('purging', ref, signal, async (url) => {
      const began = this.#session.runtime.wallNow()
      const calls = new QueueCalls(this.#session, url, ref.kind === 'dead-letters')
      const one = async (): Promise<number> => {
        let purged = 0
        for (;;) {
          const received = await this.#receive(ref, url, signal)
          const [old, late] = byAge(received, began)
          const deleted = await calls.delete(old, signal)
          await calls.hide(
            late.map((taken) => [taken, 0] as const),
            signal,
          )
          const failed = deleted.find((done) => done.as === 'error')
          if (failed?.as === 'error') throw failed.error
          purged += old.length
          if (old.length === 0) return purged
        }
      }
      const counts = await Promise.all(Array.from({ length: PURGERS }, one))
      return counts.reduce((sum, each) => sum + each, 0)
    })
  }

  async #receive(ref: SourceRef, url: string, signal: AbortSignal): Promise<readonly Taken[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: url,
      MaxNumberOfMessages: MOST_ENTRIES,
      // A wait of a second asks all servers of the queue, none asks some.
      WaitTimeSeconds: 1,
      VisibilityTimeout: PURGE_SECONDS,
      MessageAttributeNames: ['All'],
      MessageSystemAttributeNames: ['SentTimestamp'],
    })
    const { Messages = [] } = await request(signal, (options) => this.#session.clients.polls.send(command, options))
    const receivedAt = this.#session.runtime.now()
    return Messages.map((from: Message) => ({
      from,
      handle: from.ReceiptHandle ?? '',
      ...fromMessage(from, ref),
      receivedAt,
      leaseUntil: receivedAt + PURGE_SECONDS * 1_000,
    }))
  }

  async #at<T>(action: string, ref: SourceRef, signal: AbortSignal, work: (url: string) => Promise<T>): Promise<T> {
    const url = await this.#session.queueUrl(this.#session.names.queue(ref), signal)
    if (url === undefined) throw notFound(`${action} ${described(ref)}`, ref)
    try {
      return await work(url)
    } catch (error) {
      if (isMissing(error)) throw notFound(`${action} ${described(ref)}`, ref, error)
      throw error
    }
  }
}

/**
 * What was sent before the purge began, and what came later, so that a purge ends. By its sender's clock, too: what was published
 * before may reach its queue after. Whoever sends while a purge runs can't tell which it will be.
 */
function byAge(received: readonly Taken[], began: number): readonly [readonly Taken[], readonly Taken[]] {
  const isLate = ({ from, message }: Taken) =>
    Math.min(message.sentAt, Number(from.Attributes?.SentTimestamp ?? 0)) > began
  return [received.filter((taken) => !isLate(taken)), received.filter(isLate)]
}
