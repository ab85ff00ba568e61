import type { Runtime } from '../runtime.ts'

/**
 * What turns a push client into a receiver: a buffer that `receive` takes from. Its bound is the credit that the driver gave the
 * broker (prefetch, flow control, pause), so it needs none of its own; `size` is there to compute that credit.
 */
export class PushBuffer<T> {
  readonly #runtime: Pick<Runtime, 'timer'>
  #items: T[] = []
  #wake: (() => void) | undefined
  #failure: { readonly error: unknown } | undefined

  constructor(runtime: Pick<Runtime, 'timer'>) {
    this.#runtime = runtime
  }

  get size(): number {
    return this.#items.length
  }

  push(...items: readonly T[]): void {
    for (const item of items) this.#items.push(item)
    this.#wake?.()
  }

  /** From now on `take` throws this, once the buffer is empty. The first failure stays. */
  fail(error: unknown): void {
    this.#failure ??= { error }
    this.#wake?.()
  }

  /** Takes out whatever is left: for giving back on close, and for what died with its epoch. */
  clear(): T[] {
    const left = this.#items
    this.#items = []
    return left
  }

  /**
   * Up to `max`; waits up to `waitMs` for the first. An abort ends the wait with the signal's reason and takes nothing: what
   * arrives later stays for the next call. One call at a time.
   */
  async take(max: number, { waitMs, signal }: { readonly waitMs: number; readonly signal: AbortSignal }): Promise<T[]> {
    signal.throwIfAborted()
    if (this.#items.length === 0 && this.#failure === undefined && waitMs > 0) await this.#wait(waitMs, signal)
    signal.throwIfAborted()
    if (this.#items.length > 0) return this.#items.splice(0, max)
    if (this.#failure !== undefined) throw this.#failure.error
    return []
  }

  #wait(waitMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancel()
        signal.removeEventListener('abort', done)
        this.#wake = undefined
        resolve()
      }
      const cancel = this.#runtime.timer(waitMs, done)
      signal.addEventListener('abort', done)
      this.#wake = done
    })
  }
}
