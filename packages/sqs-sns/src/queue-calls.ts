import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  SendMessageBatchCommand,
} from '@aws-sdk/client-sqs'
import type { WireMessage } from '@anybroker/driver'
import { type Answer, byEntry, inRuns, inTens } from './batches.ts'
import { describeError, entryError, unavailable } from './errors.ts'
import { QUEUE_MESSAGE_BYTES } from './limits.ts'
import { isFifo } from './names.ts'
import { placed } from './place.ts'
import { request, type Session } from './session.ts'
import type { Taken } from './taken.ts'
import { toCopy } from './wire.ts'

/** How one entry of a batch ended. */
export type Done = { readonly as: 'ok' } | { readonly as: 'lost' } | { readonly as: 'error'; readonly error: unknown }

const SIDE_BY_SIDE = false

const OK: Done = Object.freeze({ as: 'ok' })
const LOST: Done = Object.freeze({ as: 'lost' })

/** One queue's requests on what was received from it: batches of ten, one outcome per message. */
export class QueueCalls {
  readonly url: string
  readonly fifo: boolean
  readonly #session: Session
  readonly #letters: boolean

  constructor(session: Session, url: string, letters: boolean) {
    this.#session = session
    this.#letters = letters
    this.url = url
    this.fifo = isFifo(url)
  }

  delete(taken: readonly Taken[], signal: AbortSignal | undefined): Promise<readonly Done[]> {
    return this.#each('deleting a message', inTens(taken), SIDE_BY_SIDE, signal, (run, options) => {
      const Entries = run.map(({ handle }, index) => ({ Id: String(index), ReceiptHandle: handle }))
      return this.#session.clients.sqs.send(new DeleteMessageBatchCommand({ QueueUrl: this.url, Entries }), options)
    })
  }

  /** Hides each for so many seconds from now, 0 for not at all. */
  hide(
    taken: readonly (readonly [taken: Taken, seconds: number])[],
    signal: AbortSignal | undefined,
  ): Promise<readonly Done[]> {
    return this.#each('changing the visibility of a message', inTens(taken), this.fifo, signal, (run, options) => {
      const Entries = run.map(([{ handle }, seconds], index) => ({
        Id: String(index),
        ReceiptHandle: handle,
        VisibilityTimeout: seconds,
      }))
      const command = new ChangeMessageVisibilityBatchCommand({ QueueUrl: this.url, Entries })
      return this.#session.clients.sqs.send(command, options)
    })
  }

  /** A copy of each, changed so, in this very queue. */
  copy(
    copies: readonly { readonly taken: Taken; readonly changes: Partial<WireMessage> }[],
    signal: AbortSignal | undefined,
  ): Promise<readonly Done[]> {
    const entries = copies.map(({ taken, changes }) => {
      const message = { ...taken.message, ...changes }
      const target = { fifo: this.fifo, delays: true, letters: this.#letters }
      const { group, dedup, delaySeconds } = placed(message, target, this.#session.runtime)
      const { text, attributes, bytes } = toCopy(taken.from, message)
      return {
        bytes,
        entry: {
          MessageBody: text,
          MessageAttributes: attributes,
          ...(group === undefined ? {} : { MessageGroupId: group }),
          ...(dedup === undefined ? {} : { MessageDeduplicationId: dedup }),
          ...(delaySeconds === undefined ? {} : { DelaySeconds: delaySeconds }),
        },
      }
    })
    const runs = inRuns(entries, ({ bytes }) => bytes, QUEUE_MESSAGE_BYTES)
    return this.#each('copying a message', runs, this.fifo, signal, (run, options) => {
      const Entries = run.map(({ entry }, index) => ({ Id: String(index), ...entry }))
      return this.#session.clients.sqs.send(new SendMessageBatchCommand({ QueueUrl: this.url, Entries }), options)
    })
  }

  /** `inOrder`: one request after the other, because the order of a group is at stake. */
  async #each<T>(
    action: string,
    runs: readonly (readonly T[])[],
    inOrder: boolean,
    signal: AbortSignal | undefined,
    call: (
      run: readonly T[],
      options: { abortSignal?: AbortSignal },
    ) => Promise<Answer<{ readonly Id?: string | undefined }>>,
  ): Promise<readonly Done[]> {
    const one = async (run: readonly T[]): Promise<readonly Done[]> => {
      try {
        return outcomes(action, run.length, await request(signal, (options) => call(run, options)))
      } catch (error) {
        signal?.throwIfAborted()
        return run.map(() => ({ as: 'error', error }))
      }
    }
    if (!inOrder) return (await Promise.all(runs.map(one))).flat()
    const done: Done[] = []
    for (const run of runs) done.push(...(await one(run)))
    return done
  }
}

function outcomes(
  action: string,
  count: number,
  answer: Answer<{ readonly Id?: string | undefined }>,
): readonly Done[] {
  return byEntry(count, answer).map((result): Done => {
    if (result.as === 'done') return OK
    if (result.as === 'missing') return { as: 'error', error: unavailable(`${action}: no answer for it`, 'message') }
    const error = entryError(action, result.error)
    return describeError(error).code === 'LEASE_LOST' ? LOST : { as: 'error', error }
  })
}
