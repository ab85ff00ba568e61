import { deferred, type Deferred } from '../time/deferred.ts'

/** Work under way that nobody awaits one by one, but that `close` must wait for. */
export class Tasks {
  #running = 0
  #idle: Deferred<void> | undefined

  /** For work that is no promise of ours: to be followed by `end`. */
  begin(): void {
    this.#running += 1
  }

  end(): void {
    this.#running -= 1
    if (this.#running > 0) return
    this.#idle?.resolve()
    this.#idle = undefined
  }

  /** Counts it until it settles; its failure is the caller's. */
  run<T>(task: Promise<T>): Promise<T> {
    this.begin()
    const over = () => this.end()
    task.then(over, over)
    return task
  }

  /** Resolves when none is running, those included that started meanwhile. */
  async idle(): Promise<void> {
    while (this.#running > 0) {
      this.#idle ??= deferred()
      await this.#idle.promise
    }
  }
}
