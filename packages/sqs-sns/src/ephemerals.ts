import { ListQueueTagsCommand, TagQueueCommand } from '@aws-sdk/client-sqs'
import { EPHEMERAL_MS, REAP_EVERY_MS } from './capabilities.ts'
import { describeError, isMissing } from './errors.ts'
import { queueName, queueUrls } from './listing.ts'
import { dropQueue, unsubscribe } from './removal.ts'
import { request, type Session } from './session.ts'
import { ALIVE_TAG, SUBSCRIPTION_TAG } from './tags.ts'

/** A word of life that is older than that is given anew: well before anybody could miss it. */
const REFRESH_MS = EPHEMERAL_MS / 5

/** One look reads the tags of that many, drawn anew each time, so that requests don't grow with the square of the processes. */
const MOST_LOOKED_AT = 50

/**
 * What of this process is ephemeral on the service, and what of dead processes is left there. The living tag their queues with how long
 * to wait for them. A queue is removed when its time is over and it was found so, with the same tag, in two looks one after the
 * other: clocks that differ, and a process that was away for a while between two looks, remove nobody who lives.
 */
export class Ephemerals {
  readonly #session: Session
  /** By name, when its tag was last written, on `runtime.now()`'s scale. */
  readonly #mine = new Map<string, { readonly url: string; taggedAt: number }>()
  /** What was overdue at the last look, with its tag then. */
  #suspects = new Map<string, string>()
  #lookedAt: number
  /** Not every process has the rights to look after others. */
  #mayLook = true

  constructor(session: Session) {
    this.#session = session
    // The first look is as far away as the others are: a short life is no reason to look at all of them.
    this.#lookedAt = session.runtime.now() - session.runtime.random() * REAP_EVERY_MS
  }

  /** The tag of one that is created now. */
  tag(): Record<string, string> {
    return { [ALIVE_TAG]: String(Math.ceil((this.#session.runtime.wallNow() + EPHEMERAL_MS) / 1_000)) }
  }

  /** Tagged just now, and kept alive from here on. */
  add(name: string, url: string): void {
    this.#mine.set(name, { url, taggedAt: this.#session.runtime.now() })
  }

  /** Found again: kept alive from here on, with a word of life soon. */
  keep(name: string, url: string): void {
    if (!this.#mine.has(name)) this.#mine.set(name, { url, taggedAt: -Infinity })
  }

  delete(name: string): void {
    this.#mine.delete(name)
  }

  async maintain(signal: AbortSignal): Promise<void> {
    const now = this.#session.runtime.now()
    const due = [...this.#mine].filter(([, { taggedAt }]) => now - taggedAt >= REFRESH_MS)
    const done = await Promise.allSettled(due.map(([name, mine]) => this.#refresh(name, mine, signal)))
    for (const one of done) if (one.status === 'rejected') throw one.reason
    if (!this.#mayLook || now - this.#lookedAt < REAP_EVERY_MS) return
    this.#lookedAt = now
    try {
      await this.#look(signal)
    } catch (error) {
      if (describeError(error).code !== 'UNAUTHORIZED') throw error
      this.#mayLook = false
      this.#session.runtime.log('info', 'anybroker: this process may not look for what dead ones left on SQS', {
        error,
      })
    }
  }

  async #refresh(name: string, mine: { readonly url: string; taggedAt: number }, signal: AbortSignal): Promise<void> {
    const command = new TagQueueCommand({ QueueUrl: mine.url, Tags: this.tag() })
    try {
      await request(signal, (options) => this.#session.clients.sqs.send(command, options))
      mine.taggedAt = this.#session.runtime.now()
    } catch (error) {
      if (!isMissing(error)) throw error
      // Removed meanwhile: its receiver finds out by itself.
      this.#mine.delete(name)
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { names, runtime } = this.#session
    const suspects = new Map<string, string>()
    const lists = await Promise.all(
      [names.prefix('e'), names.prefix('r')].map((prefix) => queueUrls(this.#session, prefix, signal)),
    )
    const others = lists.flat().filter((url) => !this.#mine.has(queueName(url)))
    for (const url of this.#drawn(others)) {
      const name = queueName(url)
      const tags = await this.#tags(url, signal)
      const alive = tags?.[ALIVE_TAG]
      if (tags === undefined || alive === undefined || Number(alive) * 1_000 > runtime.wallNow()) continue
      if (this.#suspects.get(name) === alive) await this.#remove(name, url, tags, signal)
      else suspects.set(name, alive)
    }
    this.#suspects = suspects
  }

  /** All of the suspects, and of the others as many as one look may take. */
  #drawn(urls: readonly string[]): readonly string[] {
    const suspects = urls.filter((url) => this.#suspects.has(queueName(url)))
    const rest = urls.filter((url) => !this.#suspects.has(queueName(url)))
    if (rest.length <= MOST_LOOKED_AT) return urls
    const first = Math.floor(this.#session.runtime.random() * rest.length)
    return [...suspects, ...[...rest, ...rest].slice(first, first + MOST_LOOKED_AT)]
  }

  async #tags(url: string, signal: AbortSignal): Promise<Record<string, string> | undefined> {
    try {
      const command = new ListQueueTagsCommand({ QueueUrl: url })
      const { Tags = {} } = await request(signal, (options) => this.#session.clients.sqs.send(command, options))
      return Tags
    } catch (error) {
      // Its process, or another one, was faster.
      if (isMissing(error)) return undefined
      throw error
    }
  }

  async #remove(name: string, url: string, tags: Record<string, string>, signal: AbortSignal): Promise<void> {
    this.#session.runtime.log('info', `anybroker: ${name} is left of a process that died, and is removed`)
    await unsubscribe(this.#session, tags[SUBSCRIPTION_TAG], signal)
    await dropQueue(this.#session, url, signal)
  }
}
