import type { Runtime } from '@anybroker/driver'

/** What waits in it: with a key, it waits for those of its key before it. */
export interface Keyed {
  readonly key: string | undefined
}

/**
 * A push buffer that keeps keys apart: what is behind a message of its key that is out, say held for a retry, is handed out only
 * while less than half of the credit is. A key that is blocked then leaves room for others, and a hot one is still pipelined. The
 * order within a key is kept always.
 */
export class KeyedBuffer<T extends Keyed> {
  readonly #runtime: Pick<Runtime, 'timer'>
  readonly #out = new Map<string, number>()
  #outCount = 0
  #items: T[] = []
  #wake: (() => void) | undefined
  #failure: { readonly error: unknown } | undefined

  constructor(runtime: Pick<Runtime, 'timer'>) {
    this.#runtime = runtime
  }

  push(item: T): void {
    this.#items.push(item)
    this.#wake?.()
  }

  /** What was handed out is settled: the next of its key may come. */
  settled({ key }: Keyed): void {
    this.#outCount -= 1
    if (key === undefined) return
    const left = (this.#out.get(key) ?? 1) - 1
    if (left > 0) this.#out.set(key, left)
    else this.#out.delete(key)
    this.#wake?.()
  }

  /** From now on `take` throws this. The first failure stays. */
  fail(error: unknown): void {
    this.#failure ??= { error }
    this.#wake?.()
  }

  clear(): T[] {
    const left = this.#items
    this.#items = []
    return left
  }

  /** As `PushBuffer.take`; `credit` is how many may be out in all. */
  async take(
    max: number,
    credit: number,
    { waitMs, signal }: { readonly waitMs: number; readonly signal: AbortSignal },
  ): Promise<T[]> {
    signal.throwIfAborted()
    const until = waitMs
    let taken = this.#choose(max, credit)
    if (taken.length === 0 && this.#failure === undefined && until > 0) {
      taken = await this.#wait(max, credit, until, signal)
    }
    if (taken.length > 0) return taken
    signal.throwIfAborted()
    if (this.#failure !== undefined) throw this.#failure.error
    return []
  }

  #choose(max: number, credit: number): T[] {
    const taken: T[] = []
    const passed = new Set<string>()
    const most = Math.min(max, credit - this.#outCount)
    const left: T[] = []
    for (const item of this.#items) {
      const { key } = item
      const behind = key !== undefined && (this.#out.has(key) || passed.has(key))
      const mayFollow = behind && !passed.has(key) && this.#outCount < credit / 2
      if (taken.length < most && (!behind || mayFollow)) {
        taken.push(item)
        this.#outCount += 1
        if (key !== undefined) this.#out.set(key, (this.#out.get(key) ?? 0) + 1)
      } else {
        left.push(item)
        if (key !== undefined) passed.add(key)
      }
    }
    this.#items = left
    return taken
  }

  #wait(max: number, credit: number, waitMs: number, signal: AbortSignal): Promise<T[]> {
    return new Promise((resolve) => {
      const look = (): void => {
        const taken = signal.aborted ? [] : this.#choose(max, credit)
        if (taken.length > 0 || signal.aborted || this.#failure !== undefined) done(taken)
      }
      const done = (taken: T[]): void => {
        cancel()
        signal.removeEventListener('abort', look)
        this.#wake = undefined
        resolve(taken)
      }
      const cancel = this.#runtime.timer(waitMs, () => done([]))
      signal.addEventListener('abort', look)
      this.#wake = look
    })
  }
}
