import type { CloseOptions, Worker, WorkerStats } from '../api/consume.ts'
import { integer, known, MAX_TIMEOUT_MS } from '../options/check.ts'
import { Tasks } from '../settle/tasks.ts'
import type { Consumer } from './consumer.ts'

/** The consumer as the application holds it. `before` and `after` are what an entity does around its end. */
export class RunningWorker implements Worker {
  readonly done: Promise<void>
  readonly #consumer: Consumer
  readonly #handlers: Tasks
  readonly #after: () => Promise<void>
  #closed: Promise<void> | undefined

  constructor(consumer: Consumer, handlers: Tasks, after: () => Promise<void>) {
    this.#consumer = consumer
    this.#handlers = handlers
    this.#after = after
    this.done = consumer.done
  }

  get stats(): WorkerStats {
    return this.#consumer.stats
  }

  async resize(options: { readonly concurrency?: number; readonly maxUnsettled?: number }): Promise<void> {
    if (options === undefined) throw new TypeError('resize takes { concurrency, maxUnsettled }, one of them at least')
    const { concurrency, maxUnsettled } = known<typeof options>('resize: options', options, [
      'concurrency',
      'maxUnsettled',
    ])
    await this.#consumer.resize(concurrency, maxUnsettled)
  }

  pause(): void {
    this.#consumer.pause()
  }

  resume(): void {
    this.#consumer.resume()
  }

  close(options?: CloseOptions): Promise<void> {
    try {
      const drainMs = checkedDrainMs('close', options) ?? this.#consumer.drainMs
      this.#closed ??= this.#consumer.close(drainMs, () => this.#handlers.idle()).then(this.#after)
      return this.#closed
    } catch (error) {
      return Promise.reject(error)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

export function checkedDrainMs(what: string, given: CloseOptions | undefined): number | undefined {
  const { drainMs } = known<CloseOptions>(`${what}: options`, given, ['drainMs'])
  return drainMs === undefined
    ? undefined
    : integer(`${what}: options.drainMs`, drainMs, { min: 0, max: MAX_TIMEOUT_MS, fallback: 0 })
}
