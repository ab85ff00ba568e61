import { randomUUID } from 'node:crypto'
import { BODY_BYTES, Countdown, inWindows, type BenchCase } from '../bench.ts'

interface Message {
  readonly id: string
  readonly body: Uint8Array
  readonly headers: Readonly<Record<string, string>>
}

const CONCURRENCY = 100
const LEASE_MS = 30_000

/** A queue with ack and lease as one first writes it: a clone, an id, a timer, an abort controller per message. */
class NaiveQueue {
  readonly #waiting: Message[] = []
  readonly #leased = new Map<string, NodeJS.Timeout>()
  readonly #handler: (message: Message, signal: AbortSignal) => Promise<void>
  #running = 0

  constructor(handler: (message: Message, signal: AbortSignal) => Promise<void>) {
    this.#handler = handler
  }

  async send(body: Uint8Array, headers: Readonly<Record<string, string>>): Promise<void> {
    const id = randomUUID()
    this.#waiting.push({ id, body: structuredClone(body), headers: { ...headers, id } })
    this.#next()
  }

  #next(): void {
    while (this.#running < CONCURRENCY) {
      const message = this.#waiting.shift()
      if (message === undefined) return
      this.#running += 1
      void this.#handle(message)
    }
  }

  async #handle(message: Message): Promise<void> {
    const controller = new AbortController()
    const lease = setTimeout(() => {
      controller.abort(new Error('the lease ran out'))
      this.#waiting.push(message)
    }, LEASE_MS)
    this.#leased.set(message.id, lease)
    try {
      await this.#handler({ ...message }, controller.signal)
    } catch {
      this.#waiting.push(message)
    } finally {
      clearTimeout(this.#leased.get(message.id))
      this.#leased.delete(message.id)
      this.#running -= 1
      this.#next()
    }
  }
}

export const naive: BenchCase = {
  name: 'naive design, 100',
  start: async () => {
    const handled = new Countdown()
    const queue = new NaiveQueue(async () => handled.count())
    const body = new Uint8Array(BODY_BYTES)
    return {
      run: async (messages) => {
        handled.expect(messages)
        const send = (count: number) => {
          const sent: Promise<void>[] = []
          for (let index = 0; index < count; index++) sent.push(queue.send(body, {}))
          return Promise.all(sent)
        }
        await inWindows(messages, send, handled)
        await handled.reached(0)
      },
      close: () => Promise.resolve(),
    }
  },
}
