import type { Runtime, WireMessage } from '@anybroker/driver'
import { MOST_DELAY_SECONDS } from './limits.ts'

/** Where in a queue a message goes. */
export interface Place {
  /** On FIFO. */
  readonly group?: string
  readonly dedup?: string
  /** On standard queues. */
  readonly delaySeconds?: number
}

/** A group of its own, for what waits on a FIFO queue until it is due, and for what has no key there. */
const WAITING = 'ab-wait.'
const KEYLESS = 'ab-none.'

/** What of a target decides about the place. */
export interface Target {
  readonly fifo: boolean
  /** Whether it can delay a message: topics can't, their subscriptions do. */
  readonly delays: boolean
  /** Dead letters are not ordered: each stands for itself. */
  readonly letters: boolean
}

/** A mark for each message that core hands over: the same over its retries, because core sends the same object again. */
const marks = new WeakMap<WireMessage, string>()

/**
 * Where a message goes. On FIFO the group is its key, and its deduplication id is its own with a mark: the id alone would swallow a
 * letter that is redriven within five minutes. What is to wait there waits in a group of its own; see `Waiting`.
 */
export function placed(
  message: WireMessage,
  { fifo, delays, letters }: Target,
  runtime: Pick<Runtime, 'id' | 'wallNow'>,
): Place {
  const delayMs = delays && message.deliverAt !== undefined ? message.deliverAt - runtime.wallNow() : 0
  if (!fifo) {
    // A delay of 0 would lift that of the queue.
    return delayMs > 0 ? { delaySeconds: Math.min(MOST_DELAY_SECONDS, Math.ceil(delayMs / 1_000)) } : {}
  }
  const mark = marks.get(message) ?? runtime.id()
  marks.set(message, mark)
  const key = letters ? undefined : message.key
  const group = delayMs > 0 ? WAITING + mark : (key ?? KEYLESS + mark)
  return { group, dedup: mark }
}

/** Whether a message on a FIFO queue stands aside of its key until it is due. */
export function isWaiting(group: string | undefined): boolean {
  return group?.startsWith(WAITING) === true
}
