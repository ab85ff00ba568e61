import { PublishBatchCommand } from '@aws-sdk/client-sns'
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs'
import { BrokerError, type Outcome, type Ref, type Sender, type WireMessage } from '@anybroker/driver'
import { type Answer, byEntry, inRuns, MOST_ENTRIES } from './batches.ts'
import { describeError, entryError, isRefusal, notFound } from './errors.ts'
import { described, isFifo } from './names.ts'
import { QUEUE_MESSAGE_BYTES, TOPIC_MESSAGE_BYTES } from './limits.ts'
import { request, type Session } from './session.ts'
import { placed, type Place } from './place.ts'
import { type Packet, toPacket } from './wire.ts'

/** Requests at once. More would make the batches of many callers smaller, and take sockets from settles. */
const IN_FLIGHT = 8

interface Prepared extends Place {
  readonly packet: Packet
}

/** Sends and publishes in batches. */
export class SqsSnsSender implements Sender {
  readonly batch: Sender['batch']
  readonly #session: Session
  readonly #target: Ref
  /** The URL of a queue, or the ARN of a topic. */
  readonly #address: string
  readonly #maxBytes: number

  private constructor(session: Session, target: Ref, address: string) {
    this.#session = session
    this.#target = target
    this.#address = address
    this.#maxBytes = target.kind === 'topic' ? TOPIC_MESSAGE_BYTES : QUEUE_MESSAGE_BYTES
    this.batch = Object.freeze({
      maxMessages: MOST_ENTRIES,
      maxBytes: this.#maxBytes,
      maxInFlight: IN_FLIGHT,
      // Entries of a batch fail one by one.
      keepsKeyOrder: false,
    })
  }

  static async open(session: Session, target: Ref, signal: AbortSignal): Promise<SqsSnsSender> {
    const address = await addressOf(session, target, signal)
    if (address === undefined) throw notFound(`opening a sender to ${described(target)}`, target)
    return new SqsSnsSender(session, target, address)
  }

  async send(batch: readonly WireMessage[], signal: AbortSignal): Promise<readonly Outcome[]> {
    const outcomes = new Map<WireMessage, Outcome>()
    const ready = new Map<WireMessage, Prepared>()
    for (const message of batch) {
      const packet = toPacket(message)
      if (packet.bytes > this.#maxBytes) outcomes.set(message, this.#tooLarge(packet.bytes))
      else ready.set(message, { packet, ...this.#place(message) })
    }
    const runs = inRuns([...ready], ([, { packet }]) => packet.bytes, this.#maxBytes)
    await Promise.all(
      runs.map(async (run) => {
        const answers = await this.#request(
          run.map(([, prepared]) => prepared),
          signal,
        )
        run.forEach(([message], index) => outcomes.set(message, answers[index] ?? UNANSWERED))
      }),
    )
    return batch.map((message) => outcomes.get(message) ?? UNANSWERED)
  }

  async close(): Promise<void> {
    // Nothing is open: each request stands alone.
  }

  #place(message: WireMessage): Place {
    const { kind } = this.#target
    const target = {
      fifo: isFifo(this.#address),
      delays: kind === 'queue' || kind === 'subscription',
      letters: kind === 'dead-letters',
    }
    return placed(message, target, this.#session.runtime)
  }

  async #request(entries: readonly Prepared[], signal: AbortSignal): Promise<readonly Outcome[]> {
    let answer: Answer<{ readonly Id?: string | undefined; readonly MessageId?: string | undefined }>
    try {
      answer = await this.#call(entries, signal)
    } catch (error) {
      signal.throwIfAborted()
      const half = Math.ceil(entries.length / 2)
      // A region, or a topic, whose batches are smaller than ours: nothing of it was taken.
      if (half < entries.length && describeError(error).code === 'MESSAGE_TOO_LARGE') {
        const halves = [entries.slice(0, half), entries.slice(half)]
        return (await Promise.all(halves.map((each) => this.#request(each, signal)))).flat()
      }
      return entries.map(() => ({ as: isRefusal(error) ? 'refused' : 'unknown', error }))
    }
    return byEntry(entries.length, answer).map((result): Outcome => {
      if (result.as === 'missing') return UNANSWERED
      if (result.as === 'done') return { as: 'confirmed', evidence: result.entry.MessageId ?? 'accepted' }
      const error = entryError(`sending to ${described(this.#target)}`, result.error)
      // The service's own fault proves nothing, unless it only asks for patience.
      const refused = result.error.SenderFault === true || describeError(error).code !== 'UNAVAILABLE'
      return { as: refused ? 'refused' : 'unknown', error }
    })
  }

  #call(
    entries: readonly Prepared[],
    signal: AbortSignal,
  ): Promise<Answer<{ readonly Id?: string | undefined; readonly MessageId?: string | undefined }>> {
    const { sqs, sns } = this.#session.clients
    const common = entries.map(({ packet, group, dedup }, index) => ({
      Id: String(index),
      MessageAttributes: packet.attributes,
      ...(group === undefined ? {} : { MessageGroupId: group }),
      ...(dedup === undefined ? {} : { MessageDeduplicationId: dedup }),
    }))
    if (this.#target.kind === 'topic') {
      const command = new PublishBatchCommand({
        TopicArn: this.#address,
        PublishBatchRequestEntries: common.map((entry, index) => ({ ...entry, Message: entries[index]?.packet.text })),
      })
      return request(signal, (options) => sns.send(command, options))
    }
    const command = new SendMessageBatchCommand({
      QueueUrl: this.#address,
      Entries: common.map((entry, index) => ({
        ...entry,
        MessageBody: entries[index]?.packet.text,
        ...(entries[index]?.delaySeconds === undefined ? {} : { DelaySeconds: entries[index].delaySeconds }),
      })),
    })
    return request(signal, (options) => sqs.send(command, options))
  }

  #tooLarge(size: number): Outcome {
    const limit = this.#maxBytes
    const why = `sending to ${described(this.#target)}: the message has ${size} bytes as it is encoded, the limit is ${limit}`
    return { as: 'refused', error: new BrokerError('MESSAGE_TOO_LARGE', why, { facts: { limit, size } }) }
  }
}

const UNANSWERED: Outcome = { as: 'unknown', error: new Error('the service did not answer for this message') }

async function addressOf(session: Session, target: Ref, signal: AbortSignal): Promise<string | undefined> {
  if (target.kind === 'topic') return session.topicArn(target, signal)
  // What a stranger wrote into a message may be a name of ours, and nothing else.
  if (target.kind === 'inbox' && !session.names.isInbox(target.address ?? '')) return undefined
  return session.queueUrl(session.names.queue(target), signal)
}
