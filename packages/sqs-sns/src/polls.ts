import { type Message, ReceiveMessageCommand } from '@aws-sdk/client-sqs'
import { LONGEST_POLL_SECONDS } from './limits.ts'
import { MOST_ENTRIES } from './batches.ts'
import { isRefusal } from './errors.ts'
import { isFifo } from './names.ts'
import type { Session } from './session.ts'

/** How many polls one consumer may have at once: a hundred messages on their way. */
const MOST_POLLS = 10

/**
 * The polls of one receiver: how many at once, and how long each may wait. One while nothing comes, its wait doubling from a second to
 * twenty; more, of ten messages each, while they come back full.
 */
export class Polls {
  readonly #session: Session
  readonly #url: string
  readonly #leaseSeconds: number
  readonly #fifo: boolean
  #wanted = 1
  #idle = 0
  #running = 0
  #asked = 0
  /** On FIFO: a poll whose answer was lost is asked again by the same id, and brings the same messages. */
  #attemptIds: string[] = []

  constructor(session: Session, url: string, leaseSeconds: number) {
    this.#session = session
    this.#url = url
    this.#leaseSeconds = leaseSeconds
    this.#fifo = isFifo(url)
  }

  get running(): number {
    return this.#running
  }

  /** How many messages the next poll may bring, of `room` in all; 0 where there is no need of one. */
  next(room: number): number {
    if (this.#running >= this.#wanted) return 0
    return Math.min(MOST_ENTRIES, room - this.#asked)
  }

  /** One poll. Never aborted by who waits for it: what an aborted one would have brought is hidden for a whole lease. */
  async poll(max: number, atMostMs: number, end: AbortSignal): Promise<readonly Message[]> {
    const first = this.#running === 0
    this.#running += 1
    this.#asked += max
    const attemptId = this.#fifo ? (this.#attemptIds.pop() ?? this.#session.runtime.id()) : undefined
    try {
      const command = new ReceiveMessageCommand({
        QueueUrl: this.#url,
        MaxNumberOfMessages: max,
        WaitTimeSeconds: this.#waitSeconds(first, atMostMs),
        VisibilityTimeout: this.#leaseSeconds,
        MessageAttributeNames: ['All'],
        MessageSystemAttributeNames: [
          'ApproximateReceiveCount',
          'SentTimestamp',
          'MessageGroupId',
          'DeadLetterQueueSourceArn',
        ],
        ...(attemptId === undefined ? {} : { ReceiveRequestAttemptId: attemptId }),
      })
      const { Messages = [] } = await this.#session.clients.polls.send(command, { abortSignal: end })
      this.#learn(Messages.length, max)
      return Messages
    } catch (error) {
      this.#wanted = 1
      if (attemptId !== undefined && !isRefusal(error)) this.#attemptIds.push(attemptId)
      throw error
    } finally {
      this.#running -= 1
      this.#asked -= max
    }
  }

  #learn(came: number, max: number): void {
    if (came === 0) {
      this.#wanted = 1
      this.#idle += 1
      return
    }
    this.#idle = 0
    if (came === max) this.#wanted = Math.min(this.#wanted * 2, MOST_POLLS)
  }

  #waitSeconds(first: boolean, atMostMs: number): number {
    const patience = first ? 2 ** Math.min(this.#idle, 5) : 1
    return Math.max(1, Math.min(patience, LONGEST_POLL_SECONDS, Math.ceil(atMostMs / 1_000)))
  }
}
