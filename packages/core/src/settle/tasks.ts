/** Work under way that nobody awaits one by one, but that `close` must wait for. */
export class Tasks {
  readonly #running = new Set<Promise<unknown>>()

  /** Remembers it until it settles; its failure is the caller's. */
  run<T>(task: Promise<T>): Promise<T> {
    this.#running.add(task)
    const over = () => {
      this.#running.delete(task)
    }
    task.then(over, over)
    return task
  }

  /** Resolves when none is running, those included that started meanwhile. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running)
  }
}
